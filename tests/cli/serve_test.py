"""`elastic serve` over real sockets: routes, limits, slow and broken clients, reloads, the end.

serve_test.py BINARY
"""

import concurrent.futures
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from harness import TINY_MODEL, Workplace

WORKPLACE = None
PATIENCE_S = 60
QUESTION = {"history": ["m1", "m2", "m5"]}


class Server:
    """A server process, its address, and requests to it."""

    def __init__(self, run, *options):
        self.process = WORKPLACE.start(["serve", run, "--port", "0", *options], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line.startswith("http://"):
            raise AssertionError(self.process.communicate(timeout=PATIENCE_S)[1])
        self.host, self.port = line.strip().removeprefix("http://").rsplit(":", 1)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=PATIENCE_S)

    def connect(self):
        return http.client.HTTPConnection(self.host, int(self.port), timeout=PATIENCE_S)

    def ask(self, path, body=None, headers=None, method=None):
        """(status, text) of one request on a new connection."""
        connection = self.connect()
        text = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        connection.request(method or ("GET" if body is None else "POST"), path, text, headers or {})
        reply = connection.getresponse()
        content = reply.read().decode()
        connection.close()
        return reply.status, content

    def predict(self, question):
        status, text = self.ask("/predict", question)
        assert status == 200, (status, text)
        return json.loads(text)

    def health(self):
        return json.loads(self.ask("/health")[1])

    def metric(self, name):
        """The sum of the series of a metric."""
        text = self.ask("/metrics")[1]
        values = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M)
        assert values, f"no {name} in\n{text}"
        return sum(float(value) for value in values)

    def raw(self, data, then_close=False):
        """All bytes of the reply to these bytes."""
        with socket.create_connection((self.host, int(self.port)), timeout=PATIENCE_S) as client:
            client.sendall(data)
            if then_close:
                client.shutdown(socket.SHUT_WR)
            reply = b""
            while True:
                try:
                    part = client.recv(65536)
                except ConnectionResetError:
                    return reply
                if not part:
                    return reply
                reply += part

    def stop(self, number=signal.SIGTERM):
        """Sends the signal; returns the exit code and the messages."""
        self.process.send_signal(number)
        messages = self.process.communicate(timeout=PATIENCE_S)[1]
        return self.process.returncode, messages


def request_bytes(path, body=b"", fields=""):
    return (f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
            .encode() + body)


def pipe_answers(run, questions, *options):
    """The answers of `predict` to these questions."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    called = WORKPLACE.call(["predict", run, *options], stdin=lines)
    return [json.loads(line) for line in called.stdout.splitlines()]


def wait_until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def other_run():
    """A run of the same data with other weights."""
    path = WORKPLACE.path("other_weights")
    if not os.path.exists(path):
        trained = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--items", WORKPLACE.items,
                                  "--out", path, "--epochs", "1", "--seed", "9", *TINY_MODEL])
        assert trained.returncode == 0, trained.stderr
    return path


class Routes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(WORKPLACE.run)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_answers_are_those_of_predict(self):
        questions = [QUESTION, {"user": "u7"}, {"item": "m3"}, {"user": "x", "history": ["m1"]},
                     {"history": ["m1", "none"]}, {"history": ["m1"], "candidates": ["m2", "m9"]},
                     {"user": "nobody"}, {"history": []}]
        expected = pipe_answers(WORKPLACE.run, questions)
        status, text = self.server.ask("/predict", questions)
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(text), expected)
        lines = "".join(json.dumps(question) + "\n" for question in questions)
        status, text = self.server.ask("/predict", lines)
        self.assertEqual(status, 200)
        self.assertEqual([json.loads(line) for line in text.splitlines()], expected)

    def test_an_object_gets_an_object(self):
        (expected,) = pipe_answers(WORKPLACE.run, [QUESTION])
        self.assertEqual(self.server.predict(QUESTION), expected)
        self.assertEqual(self.server.predict(json.dumps(QUESTION, indent=2)), expected)

    def test_rows_of_the_log_are_questions(self):
        status, text = self.server.ask("/predict", "u7,m1,3,1000\nu8\n")
        self.assertEqual(status, 200)
        self.assertEqual([json.loads(line)["user"] for line in text.splitlines()], ["u7", "u8"])

    def test_malformed_questions(self):
        for body in ('{"history": ["m1"', '{"hist": ["m1"]}', '{"history": "m1"}', "{}", "", "\n",
                     "[1, 2", '[{"history": ["m1"]} {}]', b"{\"user\": \"\xff\x00\"}"):
            status, text = self.server.ask("/predict", body)
            self.assertEqual(status, 400, body)
            self.assertTrue(json.loads(text)["error"], body)
        status, text = self.server.ask("/predict", '[{"history": ["m1"]}, 7, {"hist": 1}, {}]')
        self.assertEqual(status, 200)
        answers = json.loads(text)
        self.assertEqual([("items" in answer, answer["line"]) for answer in answers],
                         [(True, 1), (False, 2), (False, 3), (False, 4)])
        self.assertEqual(self.server.ask("/predict", "[]"), (200, "[]\n"))

    def test_an_unknown_user_is_an_answer(self):
        self.assertEqual(self.server.predict({"user": "nobody"}),
                         {"user": "nobody", "error": "unknown user"})

    def test_paths_and_methods(self):
        self.assertEqual(self.server.ask("/nowhere")[0], 404)
        self.assertEqual(self.server.ask("/predict")[0], 405)
        self.assertEqual(self.server.ask("/health", "{}")[0], 405)
        self.assertEqual(self.server.ask("/predict", "{}", method="PUT")[0], 405)
        self.assertEqual(self.server.ask("/health", method="HEAD"), (200, ""))
        connection = self.server.connect()
        connection.request("DELETE", "/predict")
        self.assertEqual(connection.getresponse().getheader("Allow"), "POST")
        connection.close()

    def test_events_need_a_model_that_reads_streams(self):
        status, text = self.server.ask("/events", {"user": "u1", "item": "m1"})
        self.assertEqual(status, 404)
        self.assertIn("elastic-causal", text)

    def test_health_and_openapi(self):
        health = self.server.health()
        self.assertEqual((health["status"], health["events"]), ("ok", False))
        self.assertEqual(len(health["hash"]), 16)
        document = json.loads(self.server.ask("/openapi.json")[1])
        for path, methods in document["paths"].items():
            for method in methods:
                status = self.server.ask(path, method=method.upper())[0]
                self.assertNotIn(status, (405, 500), path)
        text = json.dumps(document)
        for reference in re.findall(r'"#/([^"]*)"', text):
            found = document
            for key in reference.split("/"):
                found = found[key]

    def test_metrics_count(self):
        before = {name: self.server.metric(name) for name in (
            "elastic_questions_total", "elastic_unknown_ids_total", "elastic_unanswered_total",
            "elastic_batch_size_count")}
        self.server.ask("/predict", [{"history": ["m1", "no", "neither"]}, {"user": "nobody"}])
        after = {name: self.server.metric(name) for name in before}
        self.assertEqual([after[name] - before[name] for name in before], [2, 2, 1, 1])
        text = self.server.ask("/metrics")[1]
        self.assertIn(f'elastic_model_info{{hash="{self.server.health()["hash"]}"', text)
        self.assertRegex(text, r'elastic_requests_total\{route="/predict",status="200"\} [1-9]')
        self.assertLess(0, self.server.metric("elastic_model_age_seconds"))
        for line in text.splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) \w+ .*|\w+(\{[^}]*\})? -?[0-9.e+-]+)$")

    def test_one_connection_serves_many_requests(self):
        connection = self.server.connect()
        for _ in range(50):
            connection.request("POST", "/predict", json.dumps(QUESTION))
            reply = connection.getresponse()
            self.assertEqual(reply.status, 200)
            self.assertIn("items", json.loads(reply.read()))
        connection.close()

    def test_requests_sent_together_are_answered_in_order(self):
        bodies = [json.dumps({"item": f"m{item}"}).encode() for item in range(1, 9)]
        data = b"".join(request_bytes("/predict", body) for body in bodies)
        reply = self.server.raw(data, then_close=True)
        self.assertEqual([json.loads(line)["item"] for line in reply.splitlines()
                          if line.startswith(b"{")], [f"m{item}" for item in range(1, 9)])

    def test_http_1_0_and_close(self):
        body = json.dumps(QUESTION).encode()
        for data in (request_bytes("/predict", body).replace(b"HTTP/1.1", b"HTTP/1.0"),
                     request_bytes("/predict", body, "Connection: close\r\n")):
            self.assertIn(b" 200 OK", self.server.raw(data).split(b"\r\n")[0])

    def test_broken_http_is_refused(self):
        for data, status in ((b"nonsense\r\n\r\n", b"400"), (b"\0\0\0\r\n\r\n", b"400"),
                             (b"GET /health HTTP/9.9\r\n\r\n", b"400"),
                             (b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                              b"411"),
                             (b"POST /predict HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
                             (b"GET / HTTP/1.1\r\nA: " + b"a" * 20000 + b"\r\n\r\n", b"431"),
                             (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", b"431"),
                             (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"414")):
            reply = self.server.raw(data)
            self.assertEqual(reply.split(b" ")[1:2], [status], (data[:60], reply[:200]))
        self.assertEqual(self.server.predict(QUESTION), self.server.predict(QUESTION))

    def test_a_client_that_goes_away_harms_nobody(self):
        for size in (1, 10, 60, 100):
            data = request_bytes("/predict", json.dumps(QUESTION).encode())[:size]
            with socket.create_connection((self.server.host, int(self.server.port))) as client:
                client.sendall(data)
        self.assertIn("items", self.server.predict(QUESTION))

    def test_concurrent_questions_are_answered_in_batches(self):
        before = self.server.metric("elastic_batch_size_count")
        questions = [{"user": str(i), "history": [f"m{1 + i % 40}", f"m{1 + i % 7}"]}
                     for i in range(200)]
        expected = pipe_answers(WORKPLACE.run, questions)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(self.server.predict, questions))
        self.assertEqual(answers, expected)
        self.assertLess(self.server.metric("elastic_batch_size_count") - before, 200)


class Limits(unittest.TestCase):
    def test_long_bodies_are_refused_and_read_no_further(self):
        with Server(WORKPLACE.run, "--max-body-bytes", "1000") as server:
            self.assertEqual(server.ask("/predict", {"history": ["m1"] * 500})[0], 413)
            reply = server.raw(b"POST /predict HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n"
                               + b"x" * 5_000_000)
            self.assertTrue(reply.startswith(b"HTTP/1.1 413"), reply[:100])
            data = b"POST /predict HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: "
            self.assertTrue(server.raw(data + b"1001\r\n\r\n").startswith(b"HTTP/1.1 413"))
            body = json.dumps(QUESTION).encode()
            with socket.create_connection((server.host, int(server.port))) as client:
                client.sendall(data + str(len(body)).encode() + b"\r\n\r\n")
                self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 100 "))
                client.sendall(body)
                self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 200 "))

    def test_slow_clients_get_a_limited_time_and_hold_nobody_up(self):
        with Server(WORKPLACE.run, "--timeout-s", "1", "--idle-s", "1", "--max-requests",
                    "2") as server:
            data = request_bytes("/predict", json.dumps(QUESTION).encode())
            slow = [socket.create_connection((server.host, int(server.port))) for _ in range(20)]
            for index, client in enumerate(slow):
                client.sendall(data[:10 + (len(data) - 20) * index // 20])
            begin = time.monotonic()
            self.assertIn("items", server.predict(QUESTION))
            self.assertLess(time.monotonic() - begin, 1)
            for client in slow:
                client.settimeout(PATIENCE_S)
                self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 408"))
                client.close()
            idle = socket.create_connection((server.host, int(server.port)))
            idle.settimeout(PATIENCE_S)
            self.assertEqual(idle.recv(1), b"")
            idle.close()

    def test_a_client_that_does_not_read_is_closed(self):
        with Server(WORKPLACE.run, "--timeout-s", "1") as server:
            body = json.dumps([{"history": ["m1"]}] * 15000).encode()
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect((server.host, int(server.port)))
            client.sendall(request_bytes("/predict", body))
            wait_until(lambda: server.metric("elastic_connections_open") == 1)
            self.assertIn("items", server.predict(QUESTION))
            client.close()

    def test_idle_connections_make_room(self):
        with Server(WORKPLACE.run, "--max-connections", "20") as server:
            clients = [socket.create_connection((server.host, int(server.port)))
                       for _ in range(100)]
            self.assertIn("items", server.predict(QUESTION))
            self.assertLessEqual(server.metric("elastic_connections_open"), 20)
            self.assertLess(70, server.metric("elastic_connections_evicted_total"))
            for client in clients:
                client.close()

    def test_token(self):
        path = WORKPLACE.write("token", "0123456789abcdef-secret\n")
        with Server(WORKPLACE.run, "--token-file", path) as server:
            self.assertEqual(server.ask("/health")[0], 200)
            for token in (None, "", "Bearer ", "Bearer 0123456789abcdef", "Basic abc",
                          "Bearer 0123456789abcdef-secret0"):
                headers = {} if token is None else {"Authorization": token}
                for path, body in (("/predict", QUESTION), ("/metrics", None), ("/reload", {})):
                    self.assertEqual(server.ask(path, body, headers)[0], 401)
            good = {"Authorization": "Bearer 0123456789abcdef-secret"}
            self.assertEqual(server.ask("/predict", QUESTION, good)[0], 200)
        called = WORKPLACE.call(["serve", WORKPLACE.run, "--token-file",
                                 WORKPLACE.write("short", "abc\n")])
        self.assertEqual(called.returncode, 2)
        self.assertIn("--token-file", called.stderr)


class Start(unittest.TestCase):
    def test_a_port_in_use_is_refused(self):
        with Server(WORKPLACE.run) as server:
            called = WORKPLACE.call(["serve", WORKPLACE.run, "--port", server.port])
            self.assertEqual(called.returncode, 2)
            self.assertIn("cannot listen at 127.0.0.1", called.stderr)

    def test_hosts(self):
        called = WORKPLACE.call(["serve", WORKPLACE.run, "--host", "no such host"])
        self.assertEqual(called.returncode, 2)
        with Server(WORKPLACE.run, "--host", "0.0.0.0") as server:
            self.assertEqual(server.host, "0.0.0.0")
            self.assertIn("without a token", server.stop()[1])
        with Server(WORKPLACE.run) as server:
            self.assertEqual(server.host, "127.0.0.1")
            self.assertNotIn("token", server.stop()[1])

    def test_options_of_answers(self):
        with Server(WORKPLACE.run, "-k", "3", "--no-filter-seen") as server:
            (expected,) = pipe_answers(WORKPLACE.run, [QUESTION], "-k", "3", "--no-filter-seen")
            self.assertEqual(server.predict(QUESTION), expected)


class End(unittest.TestCase):
    def test_signals_end_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server(WORKPLACE.run) as server:
                server.predict(QUESTION)
                idle = server.connect()
                idle.connect()
                begin = time.monotonic()
                code, messages = server.stop(number)
                self.assertEqual(code, 0)
                self.assertIn("stopping", messages)
                self.assertLess(time.monotonic() - begin, 5)
                idle.close()

    def test_requests_in_progress_are_answered(self):
        with Server(WORKPLACE.run) as server:
            data = request_bytes("/predict", json.dumps(QUESTION).encode())
            with socket.create_connection((server.host, int(server.port))) as client:
                client.sendall(data[:-5])
                wait_until(lambda: server.metric("elastic_connections_open") == 2)
                server.process.send_signal(signal.SIGTERM)
                time.sleep(0.3)
                client.sendall(data[-5:])
                client.settimeout(PATIENCE_S)
                reply = client.recv(65536)
                self.assertTrue(reply.startswith(b"HTTP/1.1 200"), reply[:100])
                self.assertIn(b"Connection: close", reply)
            self.assertEqual(server.process.wait(PATIENCE_S), 0)


class Reload(unittest.TestCase):
    def setUp(self):
        self.folder = WORKPLACE.path("reloaded_" + self.id().rsplit(".", 1)[-1])
        shutil.copytree(WORKPLACE.run, self.folder)
        # Like a deployment: RUN is a link to the present folder.
        self.link = self.folder + ".link"
        os.symlink(self.folder, self.link)

    def point_to(self, run):
        os.symlink(run, self.link + ".new")
        os.replace(self.link + ".new", self.link)

    def test_a_request_and_a_signal_reload(self):
        with Server(self.link) as server:
            before, answer = server.health()["hash"], server.predict(QUESTION)
            self.point_to(other_run())
            self.assertEqual(server.predict(QUESTION), answer)
            status, text = server.ask("/reload", "")
            self.assertEqual(status, 200, text)
            after = json.loads(text)["hash"]
            self.assertNotEqual(before, after)
            (expected,) = pipe_answers(other_run(), [QUESTION])
            self.assertEqual(server.predict(QUESTION), expected)
            self.point_to(self.folder)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: server.health()["hash"] == before)
            self.assertEqual(server.predict(QUESTION), answer)
            wait_until(lambda: server.metric("elastic_reloads_total") == 2)

    def test_the_rule_about_seen_items_is_that_of_the_new_run(self):
        repeats = WORKPLACE.path("repeats")
        if not os.path.exists(repeats):
            trained = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", repeats, "--epochs",
                                      "1", "--no-filter-seen", *TINY_MODEL])
            self.assertEqual(trained.returncode, 0, trained.stderr)
        question = {"history": [f"m{item}" for item in range(1, 40)], "k": 40}
        runs = (self.folder, repeats)
        with Server(self.link) as server, Server(self.link, "--filter-seen") as told:
            for run, count in zip((*runs, self.folder), (1, 40, 1)):
                self.point_to(run)
                for place, expected in ((server, count), (told, 1)):
                    self.assertEqual(place.ask("/reload", "")[0], 200)
                    self.assertEqual(len(place.predict(question)["items"]), expected)

    def test_a_bad_model_is_refused(self):
        with Server(self.link) as server:
            answer = server.predict(QUESTION)
            path = os.path.join(self.folder, "model.safetensors")
            with open(path, "r+b") as file:
                file.seek(-3, os.SEEK_END)
                file.write(b"\x55")
            status, text = server.ask("/reload", "")
            self.assertEqual(status, 422)
            self.assertIn("the former model goes on", json.loads(text)["error"])
            os.remove(path)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: server.metric('elastic_reloads_total{outcome="refused"}') == 2)
            self.assertEqual(server.predict(QUESTION), answer)
            self.assertIn("not reloaded", server.stop()[1])

    def test_reloads_under_load_drop_nothing(self):
        expected = [pipe_answers(run, [QUESTION])[0] for run in (self.folder, other_run())]
        seen, wrong = set(), []
        with Server(self.link) as server:
            ends = threading.Event()

            def ask():
                connection = server.connect()
                while not ends.is_set():
                    connection.request("POST", "/predict", json.dumps(QUESTION))
                    reply = connection.getresponse()
                    answer = json.loads(reply.read())
                    if reply.status != 200 or answer not in expected:
                        wrong.append((reply.status, answer))
                    else:
                        seen.add(expected.index(answer))
                connection.close()

            threads = [threading.Thread(target=ask) for _ in range(8)]
            for thread in threads:
                thread.start()
            for number in range(10):
                self.point_to(other_run() if number % 2 == 0 else self.folder)
                self.assertEqual(server.ask("/reload", "")[0], 200)
                server.raw(b"broken\r\n\r\n")
            ends.set()
            for thread in threads:
                thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(seen, {0, 1})


class Events(unittest.TestCase):
    EVENTS = [{"user": "ada", "item": "m1"}, {"user": "bob", "item": "m2"},
              {"user": "ada", "item": "m3"}, {"user": "ada", "item": "none"}, {"user": "eve"}]

    def setUp(self):
        self.folder = WORKPLACE.path("events_" + self.id().rsplit(".", 1)[-1])
        shutil.copytree(WORKPLACE.stream_run, self.folder)

    def ask(self, server, events):
        status, text = server.ask("/events", events)
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def test_events_are_those_of_predict(self):
        expected = pipe_answers(WORKPLACE.stream_run, self.EVENTS, "--stream")
        with Server(self.folder) as server:
            self.assertEqual(self.ask(server, self.EVENTS), expected)
            self.assertEqual(server.metric("elastic_events_total"), 5)

    def test_the_states_outlive_the_process_and_a_reload(self):
        expected = pipe_answers(WORKPLACE.stream_run, self.EVENTS, "--stream")
        with Server(self.folder) as server:
            answers = [self.ask(server, self.EVENTS[0])]
            self.assertEqual(server.ask("/reload", "")[0], 200)
            answers.append(self.ask(server, self.EVENTS[1]))
            self.assertEqual(server.stop()[0], 0)
        with Server(self.folder) as server:
            answers += self.ask(server, self.EVENTS[2:])
        for answer in answers + expected:
            answer.pop("line", None)
        self.assertEqual(answers, expected)

    def test_another_model_starts_the_streams_again(self):
        other = WORKPLACE.path("other_stream")
        if not os.path.exists(other):
            trained = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", other, "--model",
                                      "elastic-causal", "--position", "none", "--epochs", "1",
                                      "--seed", "3", *TINY_MODEL])
            self.assertEqual(trained.returncode, 0, trained.stderr)
        expected = pipe_answers(other, [{"user": "ada", "item": "m3"}], "--stream")
        os.remove(os.path.join(other, "streams.safetensors"))
        with Server(self.folder) as server:
            self.ask(server, self.EVENTS)
            for name in os.listdir(other):
                path = os.path.join(other, name)
                if os.path.isfile(path):
                    shutil.copy(path, os.path.join(self.folder, name))
            self.assertEqual(server.ask("/reload", "")[0], 200)
            self.assertEqual(self.ask(server, [{"user": "ada", "item": "m3"}]), expected)
            self.assertEqual(server.stop()[0], 0)
        with Server(self.folder) as server:
            self.assertIn("items", self.ask(server, {"user": "ada"}))

    def test_a_run_in_use_is_refused_unless_events_are_off(self):
        with Server(self.folder):
            called = WORKPLACE.call(["serve", self.folder, "--port", "0"])
            self.assertEqual(called.returncode, 2)
            with Server(self.folder, "--no-events") as second:
                self.assertEqual(second.ask("/events", {"user": "a", "item": "m1"})[0], 404)
                self.assertIn("items", second.predict(QUESTION))

    def test_concurrent_events_all_count(self):
        with Server(self.folder, "--no-filter-seen") as server:
            events = [{"user": f"user{i % 10}", "item": f"m{1 + i % 40}"} for i in range(200)]
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda event: self.ask(server, event), events))
            self.assertTrue(all("items" in answer for answer in answers))
            self.assertEqual(server.metric("elastic_events_total"), 200)


def main():
    global WORKPLACE  # pylint: disable=global-statement
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()


if __name__ == "__main__":
    main()
