/* durable.c - what it costs to keep things, and what SQLite alone needs for it
 *
 *	durable submit ADDRESS AGENT CONNECTIONS COUNT
 *		POST COUNT tasks, each connection one after the other; AGENT
 *		should be away, so that storing is all that happens
 *	durable replay ADDRESS ID
 *		read the event stream of a finished task
 *	durable rows DIR COUNT GROUP
 *		insert COUNT rows of 400 bytes, GROUP in each transaction
 *	durable blobs DIR BYTES
 *		insert rows of 64 KiB, 16 in each transaction
 *
 * rows and blobs: WAL, synchronous=FULL, a prepared statement. Prints one line
 * of JSON. */
#include <err.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/parse.h"
#include "bench/client.h"
#include "bench/http.h"
#include "bench/sse.h"

enum { ROW_BYTES = 400, BLOB_BYTES = 64 << 10, BLOB_GROUP = 16 };

static uint64_t
number(const char *text, uint64_t max)
{
	uint64_t n;

	if (parse_u64(text, 1, max, &n) < 0)
		errx(2, "'%s' is no number from 1 to %llu", text,
			(unsigned long long)max);
	return n;
}

static void
send_next(struct http *h, const char *body, uint64_t *left)
{
	int r = http_send(h, "POST", "/tasks/shell", body);

	if (r < 0)
		errx(1, "POST: %s", strerror(-r));
	--*left;
}

static void
ignore_bytes(void *arg, const char *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
}

static int
submit(char **argv)
{
	uint64_t n = number(argv[2], 256), count = number(argv[3], 1000000);
	uint64_t left = count, open = 0, failed = 0;
	AUTO_FREE char *body = client_body(argv[1], NULL, "true");
	AUTO_FREE struct http *all = calloc(n, sizeof(*all));
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct sockaddr_in addr;
	int64_t begin;

	if (!all || epoll < 0)
		err(1, "start");
	http_address(argv[0], &addr);
	begin = clock_us();
	for (; open < n && left; open++) {
		struct epoll_event e = { .events = EPOLLIN,
			.data.ptr = &all[open] };

		if (http_open(&all[open], &addr, ignore_bytes, NULL) < 0 ||
			epoll_ctl(epoll, EPOLL_CTL_ADD, all[open].fd, &e) < 0)
			errx(1, "cannot connect");
		send_next(&all[open], body, &left);
	}
	while (open) {
		struct epoll_event e;
		struct http *h;
		int r;

		if (epoll_wait(epoll, &e, 1, 60000) <= 0)
			errx(1, "nothing for 60 s");
		h = e.data.ptr;
		r = http_read(h);
		if (r == HTTP_MORE)
			continue;
		failed += r != HTTP_DONE || h->status != 200;
		if (left && r == HTTP_DONE) {
			send_next(h, body, &left);
			continue;
		}
		http_close(h);
		open--;
	}
	printf("{\"per_second\": %.1f, \"failed\": %llu}\n",
		(double)count * 1e6 / (double)(clock_us() - begin),
		(unsigned long long)failed);
	return failed > 0;
}

static void
on_event_bytes(void *arg, const char *data, size_t len)
{
	sse_feed(arg, data, len);
}

static int
replay(char **argv)
{
	struct sockaddr_in addr;
	struct sse sse = { 0 };
	struct http http;
	char path[CLIENT_ID + 16];
	int64_t begin = clock_us();
	double seconds;
	int r;

	http_address(argv[0], &addr);
	(void)snprintf(path, sizeof path, "/stream?ref=%s", argv[1]);
	if (http_open(&http, &addr, on_event_bytes, &sse) < 0 ||
		http_send(&http, "GET", path, NULL) < 0)
		errx(1, "cannot connect");
	do
		r = http_read(&http);
	while (r == HTTP_MORE);
	seconds = (double)(clock_us() - begin) / 1e6;
	printf("{\"mb_per_second\": %.1f, \"events_per_second\": %.0f, "
	       "\"bytes\": %llu, \"finals\": %u}\n",
		(double)sse.out.bytes / 1e6 / seconds,
		(double)sse.events / seconds, (unsigned long long)sse.out.bytes,
		sse.finals);
	r = r != HTTP_DONE || sse.finals != 1;
	sse_done(&sse);
	http_close(&http);
	return r;
}

static void
run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		errx(1, "%s: %s", sql, sqlite3_errmsg(db));
}

static int
insert(const char *dir, uint64_t count, uint64_t group, size_t bytes)
{
	AUTO_FREE uint8_t *data = calloc(1, bytes);
	char path[256], id[ID_MAX];
	sqlite3_stmt *st;
	int64_t begin;
	double seconds;
	sqlite3 *db;

	(void)snprintf(path, sizeof path, "%s/bare.db", dir);
	if (!data || sqlite3_open(path, &db) != SQLITE_OK)
		errx(1, "cannot open '%s'", path);
	run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"PRAGMA wal_autocheckpoint=4000;"
		"CREATE TABLE t(id TEXT PRIMARY KEY, data BLOB)");
	if (sqlite3_prepare_v2(db, "INSERT INTO t VALUES(?,?)", -1, &st,
		    NULL) != SQLITE_OK)
		errx(1, "%s", sqlite3_errmsg(db));
	begin = clock_us();
	for (uint64_t i = 0; i < count; i++) {
		if (i % group == 0)
			run(db, "BEGIN IMMEDIATE");
		id_new(id);
		(void)sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
		(void)sqlite3_bind_blob(st, 2, data, (int)bytes, SQLITE_STATIC);
		if (sqlite3_step(st) != SQLITE_DONE)
			errx(1, "%s", sqlite3_errmsg(db));
		(void)sqlite3_reset(st);
		if (i % group == group - 1 || i == count - 1)
			run(db, "COMMIT");
	}
	seconds = (double)(clock_us() - begin) / 1e6;
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	(void)unlink(path);
	printf("{\"per_second\": %.1f, \"mb_per_second\": %.1f}\n",
		(double)count / seconds,
		(double)count * (double)bytes / 1e6 / seconds);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "submit") == 0)
		return submit(argv + 2);
	if (argc == 4 && strcmp(argv[1], "replay") == 0)
		return replay(argv + 2);
	if (argc == 5 && strcmp(argv[1], "rows") == 0)
		return insert(argv[2], number(argv[3], 10000000),
			number(argv[4], 10000), ROW_BYTES);
	if (argc == 4 && strcmp(argv[1], "blobs") == 0)
		return insert(argv[2],
			number(argv[3], 1ULL << 40) / BLOB_BYTES + 1,
			BLOB_GROUP, BLOB_BYTES);
	errx(2, "usage: durable submit|replay|rows|blobs ...");
}
