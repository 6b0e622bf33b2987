/* test-answer.c - what an answer means for a person */
#include "cli/answer.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static char server[] = "https://host";
static char token[] = "nl_x";
static struct context context = { .server = server };
static struct err err;

static int
judge(long status, const char *doc)
{
	HTTP_ANSWER(answer);

	answer.status = status;
	answer.doc = doc ? json_loads(doc, 0, NULL) : NULL;
	memset(&err, 0, sizeof err);
	return answer_judge(&context, &answer, &err);
}

static void
check_says(const char *text)
{
	ck_assert_msg(strstr(err.text, text) != NULL, "'%s' lacks '%s'",
		err.text, text);
}

TEST(takes_what_the_server_grants)
{
	ck_assert_int_eq(judge(200, "{}"), 0);
	ck_assert_int_eq(judge(202, "{}"), 0);
}
END

TEST(says_how_to_give_a_token)
{
	ck_assert_int_eq(judge(401, "{\"error\":\"no token\"}"), -EACCES);
	check_says("no token; name a file with one by --token-file");
	context.token = token;
	ck_assert_int_eq(
		judge(401, "{\"error\":\"old\",\"details\":\"x\"}"), -EACCES);
	check_says("old; the token is that of --token-file");
	context.token = NULL;
}
END

TEST(passes_on_what_the_server_says)
{
	ck_assert_int_eq(judge(403, "{\"error\":\"no\"}"), -EACCES);
	check_says("no");
	ck_assert_int_eq(judge(404, "{\"error\":\"none\"}"), -ENOENT);
	ck_assert_int_eq(judge(410, "{\"error\":\"gone\"}"), -ENOENT);
	ck_assert_int_eq(judge(503, "{}"), -EREMOTEIO);
	check_says("does not say why");
}
END

TEST(knows_what_is_no_server_of_ours)
{
	ck_assert_int_eq(judge(200, NULL), -EBADMSG);
	check_says("'https://host' is no nodelink-server");
	ck_assert_int_eq(judge(404, NULL), -EBADMSG);
	check_says("404");
}
END

TEST(says_what_to_do_without_an_answer)
{
	ck_assert_int_eq(answer_broken(&context, CURLE_COULDNT_CONNECT,
				 "Connection refused", &err),
		-ECONNREFUSED);
	check_says("Connection refused; --server");
	ck_assert_int_eq(
		answer_broken(&context, CURLE_COULDNT_RESOLVE_HOST, "x", &err),
		-ECONNREFUSED);
	ck_assert_int_eq(answer_broken(&context, CURLE_PEER_FAILED_VERIFICATION,
				 "x", &err),
		-EACCES);
	check_says("--ca FILE");
	ck_assert_int_eq(
		answer_broken(&context, CURLE_RECV_ERROR, "reset", &err), -EIO);
	check_says("broke: reset");
	ck_assert_int_eq(
		answer_broken(&context, CURLE_OUT_OF_MEMORY, "x", &err),
		-ENOMEM);
}
END

TEST(knows_which_request_may_be_asked_again)
{
	HTTP_ANSWER(answer);

	ck_assert(http_away(-EIO) && http_away(-ECONNREFUSED));
	ck_assert(!http_away(-EACCES) && !http_away(0));
	ck_assert(http_lost(-EIO, &answer));
	ck_assert(!http_lost(-ECONNREFUSED, &answer));
	answer.status = 503;
	ck_assert(http_lost(-EREMOTEIO, &answer));
	answer.doc = json_pack("{s:s}", "code", "store_full");
	ck_assert(!http_lost(-EREMOTEIO, &answer));
}
END

TEST(escapes_what_a_path_may_not_have)
{
	AUTO_BUF struct buf out = { 0 };

	ck_assert_int_eq(http_escape(&out, "aZ0-._~ /?&=%\xc3\xa4"), 0);
	ck_assert_str_eq(buf_text(&out), "aZ0-._~%20%2F%3F%26%3D%25%C3%A4");
}
END

	UNIT_MAIN("cli answer", takes_what_the_server_grants,
		says_how_to_give_a_token, passes_on_what_the_server_says,
		knows_what_is_no_server_of_ours,
		says_what_to_do_without_an_answer,
		knows_which_request_may_be_asked_again,
		escapes_what_a_path_may_not_have)
