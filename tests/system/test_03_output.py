"""Bytes are bytes, nothing is dropped, and everybody gets all of it
(SEMANTICS 5)."""

import hashlib

MB = 1_000_000


def _sha(data):
    return hashlib.sha256(data).hexdigest()


def test_a_hundred_thousand_lines_arrive_whole(client):
    expected = "".join(f"{n}\n" for n in range(1, 100001))
    task_id = client.shell("seq 1 100000")
    with client.events(task_id) as events:
        out, err = events.text()
    assert out == expected and err == ""
    assert client.output(task_id) == expected.encode()
    assert client.task(task_id)["output"]["stdout_bytes"] == len(expected)


def test_hundred_megabytes_without_a_newline(client):
    task_id = client.shell(f"head -c {100 * MB} /dev/zero | tr '\\0' a")
    assert client.end(task_id, timeout=120)["status"] == "completed"
    digest, length = hashlib.sha256(), 0
    connection = client.connect()
    connection.request("GET", f"/tasks/{task_id}/output")
    answer = connection.getresponse()
    while piece := answer.read(1 << 20):
        digest.update(piece)
        length += len(piece)
    connection.close()
    assert length == 100 * MB
    assert digest.hexdigest() == _sha(b"a" * (100 * MB))


def test_random_bytes_are_exact(client):
    """Every byte value, through /output, against the task's own checksum."""
    task_id = client.shell("head -c 3000000 /dev/urandom | tee $TMPDIR/f; sha256sum <$TMPDIR/f >&2")
    client.end(task_id)
    data = client.output(task_id)
    assert len(data) == 3 * MB
    assert client.output(task_id, "stderr").split()[0].decode() == _sha(data)


def test_streams_stay_apart_when_interleaved(client):
    task_id = client.shell("for i in $(seq 2000); do echo o$i; echo e$i >&2; done")
    with client.events(task_id) as events:
        out, err = events.text()
    assert out == "".join(f"o{n}\n" for n in range(1, 2001))
    assert err == "".join(f"e{n}\n" for n in range(1, 2001))


def test_bytes_that_are_not_utf8_become_replacements_only_in_json(client):
    task_id = client.shell(r"printf 'a\377\376b\300\257c\n'")
    with client.events(task_id) as events:
        out, _ = events.text()
    assert out.startswith("a\ufffd") and out.endswith("c\n") and "b" in out
    assert client.output(task_id) == b"a\xff\xfeb\xc0\xafc\n"


def test_nul_and_control_bytes_survive(client):
    task_id = client.shell(r"printf 'a\000b\033[1m\r\t\\\"\n'")
    with client.events(task_id) as events:
        out, _ = events.text()
    assert out == "a\0b\x1b[1m\r\t\\\"\n"
    assert client.output(task_id) == out.encode()


def test_character_torn_by_writes_is_whole_again(client):
    """U+00E9, U+20AC and U+1F600, one byte a write."""
    text = "é€😀"
    writes = "; sleep 0.05; ".join(rf"printf '\{b:03o}'" for b in text.encode())
    task_id = client.shell(writes)
    with client.events(task_id) as events:
        out, _ = events.text()
    assert out == text
    assert client.output(task_id) == text.encode()


def test_truncated_character_at_the_end_is_not_lost(client):
    task_id = client.shell(r"printf 'x\342\202'")
    with client.events(task_id) as events:
        out, _ = events.text()
    assert out[0] == "x" and set(out[1:]) == {"\ufffd"}
    assert client.output(task_id) == b"x\xe2\x82"


def test_output_of_a_finished_task_was_read_by_nobody_before(client):
    task_id = client.shell("seq 1 50000; exit 4")
    assert client.end(task_id)["exit_code"] == 4
    with client.events(task_id) as late:
        out, _ = late.text()
    assert out == "".join(f"{n}\n" for n in range(1, 50001))


def test_late_subscriber_gets_everything_from_the_start(client):
    task_id = client.shell("echo first; sleep 0.3; echo second; sleep 1000")
    with client.events(task_id) as early:
        early.until_stdout("second\n")
        with client.events(task_id) as late:
            assert late.until_stdout("second\n") == "first\nsecond\n"
        assert client.cancel(task_id, grace=0).status == 200


def test_last_event_id_resumes_exactly(client):
    task_id = client.shell("for i in $(seq 200); do echo $i; [ $((i % 20)) != 0 ] || sleep 0.02; done")
    seen, after = "", None
    for _ in range(1000):  # a new connection after every event
        with client.events(task_id, after=after) as events:
            event = next(events, None)
        assert event is not None, "the stream ended before the final event"
        seen += event.stdout
        assert after is None or int(event.id) == int(after) + 1
        after = event.id
        if event.isFinal:
            break
    assert seen == "".join(f"{n}\n" for n in range(1, 201))


def test_resuming_after_the_end_says_nothing_twice(client):
    task_id = client.shell("echo x")
    client.end(task_id)
    with client.events(task_id) as events:
        last = events.rest()[-1].id
    answer = client.get(f"/stream?ref={task_id}", headers={"Last-Event-ID": last})
    assert answer.status in (200, 204)
    assert b"data:" not in answer.body


def test_last_event_id_that_is_none_is_refused_or_ignored(client):
    task_id = client.shell("echo x")
    client.end(task_id)
    answer = client.get(f"/stream?ref={task_id}", headers={"Last-Event-ID": "x1"})
    assert answer.status in (200, 400)


def test_many_watchers_each_get_everything(client):
    task_id = client.shell("sleep 0.3; seq 1 20000")
    expected = "".join(f"{n}\n" for n in range(1, 20001))
    watchers = [client.events(task_id) for _ in range(50)]
    for watcher in watchers:
        with watcher:
            assert watcher.text()[0] == expected


def test_slow_watcher_delays_nobody_and_loses_nothing(client):
    size = 20 * MB
    task_id = client.shell(f"sleep 0.2; yes 0123456789 | head -c {size}")
    slow = client.events(task_id, buffer=4096, timeout=90)  # and does not read it
    # It does not hold up another watcher of the same task, nor another task.
    with client.events(task_id, timeout=60) as quick:
        out, _ = quick.text()
    assert out == ("0123456789\n" * (size // 11 + 1))[:size]
    assert client.run("echo meanwhile")[1] == "meanwhile\n"
    with slow:
        assert slow.text()[0] == out


def test_task_that_outruns_its_reader_is_held_back_not_cut(client):
    """More than every buffer on the way, and it ends only when all is stored."""
    size = 30 * MB
    task_id = client.shell(f"yes | head -c {size}; echo done >&2")
    record = client.end(task_id, timeout=90)
    assert record["status"] == "completed" and record["output"]["stdout_bytes"] == size
    assert len(client.output(task_id)) == size


def test_declared_limit_is_the_only_thing_that_cuts(client):
    task_id = client.shell("seq 1 100000", output_limit=1000)
    record = client.end(task_id)
    kept = client.output(task_id)
    assert len(kept) == 1000
    total = sum(len(f"{n}\n") for n in range(1, 100001))
    assert record["output"]["dropped_bytes"] == total - 1000
