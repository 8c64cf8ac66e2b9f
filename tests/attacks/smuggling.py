"""Row 61: what one parser reads as one request and another as two (the table of the HTTP library's measured leniency)."""
import re

from attack import harness  # noqa: F401  (finds the harness)
from harness import ok


def requests(target, other):
    """Heads that must be refused, and those that RFC 9112 lets a server read: each POSTs to `target`, with a GET of `other`
    in it or behind it, whose answer is unmistakable."""
    inner = b"GET " + other + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    length = b"Content-Length: %d\r\n"

    def post(head, body):
        return b"POST " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\n" + body

    one = b"2\r\n{}\r\n0\r\n\r\n"
    cases = {
        "a length and chunks": post(length % len(one) + chunked, one + inner),
        "chunks and a length": post(chunked + length % 2, one + inner),
        "two lengths": post(length % 2 + length % (2 + len(inner)), b"{}" + inner),
        "two equal lengths": post(length % 2 * 2, b"{}" + inner),
        "a list of lengths": post(b"Content-Length: 2, 2\r\n", b"{}" + inner),
        "a length with a sign": post(b"Content-Length: +2\r\n", b"{}" + inner),
        "a negative length": post(b"Content-Length: -2\r\n", b"{}" + inner),
        "a hexadecimal length": post(b"Content-Length: 0x2\r\n", b"{}" + inner),
        "a length with a blank inside": post(b"Content-Length: 1 2\r\n", b"{}" + inner),
        "an empty length": post(b"Content-Length: \r\n", b"{}" + inner),
        "a length beyond 64 bits": post(b"Content-Length: 18446744073709551618\r\n", b"{}" + inner),
        "an unknown coding": post(b"Transfer-Encoding: xchunked\r\n", one + inner),
        "coding identity": post(b"Transfer-Encoding: identity\r\n" + length % 2, b"{}" + inner),
        "coding identity alone": post(b"Transfer-Encoding: identity\r\n", b"{}" + inner),
        "two codings": post(b"Transfer-Encoding: gzip, chunked\r\n", one + inner),
        "coding given twice": post(chunked * 2, one + inner),
        "coding after a tab": post(b"Transfer-Encoding:\x0bchunked\r\n", one + inner),
        "a blank before the colon": post(b"Content-Length : 2\r\n", b"{}" + inner),
        "a blank before the coding's colon": post(b"Transfer-Encoding : chunked\r\n", one + inner),
        "a folded coding": post(b"Transfer-Encoding:\r\n chunked\r\n", one + inner),
        "a header without a colon": post(b"garbage\r\n" + length % 2, b"{}" + inner),
        "a request line after a header without a name": post(b": x\r\n" + inner[:-2], b""),
        "a header without a name": post(b": x\r\n" + length % len(inner), inner),
        "a name with a blank": post(b"X Y: z\r\n" + length % 2, b"{}" + inner),
        "a size of chunk with 0x": post(chunked, b"0x2\r\n{}\r\n0\r\n\r\n" + inner),
        "a size of chunk with a sign": post(chunked, b"+2\r\n{}\r\n0\r\n\r\n" + inner),
        "a size of chunk with _": post(chunked, b"0_2\r\n{}\r\n0\r\n\r\n" + inner),
        "a negative size of chunk": post(chunked, b"-2\r\n{}\r\n0\r\n\r\n" + inner),
        "a size of chunk beyond 64 bits": post(chunked, b"10000000000000002\r\n{}\r\n0\r\n\r\n" + inner),
        "two Host headers": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n" + inner,
        "no Host": b"GET /health HTTP/1.1\r\n\r\n" + inner,
        "a blank before Host's colon": b"GET /health HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n" + inner,
        "an absolute target": b"GET http://127.0.0.1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + inner,
        "a target with an authority": b"GET //evil.example/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + inner,
        "a NUL in the target": b"GET /health%00/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + inner,
        "a fragment in the target": b"GET /health#x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + inner,
        "a byte above 127 in the target": b"GET /h\xc3\xa9 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + inner,
        "a tab in the request line": b"GET\t/health\tHTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + inner,
        "HTTP/2.0 by its name": b"GET /health HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n" + inner,
        "a bare carriage return": b"GET /health HTTP/1.1\rHost: 127.0.0.1\r\r" + inner,
    }
    # What RFC 9112 lets a server read: a fold as a blank, a line feed as a line end, a later minor version as 1.1.
    lenient = {
        "a folded header": post(b"X: a\r\n b\r\n" + length % 2, b"{}" + inner),
        "HTTP/1.2": b"GET /health HTTP/1.2\r\nHost: 127.0.0.1\r\n\r\n" + inner,
        "bare line feeds": b"GET /health HTTP/1.1\nHost: 127.0.0.1\n\n" + inner.replace(b"\r\n", b"\n"),
        "a plain chunked body": post(chunked, one + inner),
        "no length, so no body": post(b"", inner),
        "a plain body": post(length % 2, b"{}" + inner),
    }
    return cases, lenient


def row_61(server, target, other):
    cases, lenient = requests(target, other)
    for name, data in cases.items():
        raw = server.raw_http(data, timeout=2)
        # The HTTP library sends the head of its own refusals twice: equal ones are one answer.
        answers = set(re.findall(rb"HTTP/1\.[01] (\d{3})", raw))
        ok(not answers or len(answers) == 1 and (answers <= {b"505"} or b"4" in {status[:1] for status in answers}) and
           b"licet_" not in raw, f"row 61: {name}: refused, and nothing after it is read", raw)
    for name, data in lenient.items():
        raw = server.raw_http(data, timeout=2)
        answers = re.findall(rb"HTTP/1\.[01] (\d{3})", raw)
        ok(answers[:1] in ([b"400"], [b"200"]) and answers[1:] in ([], [b"200"]),
           f"row 61: {name}: read as it is meant, and at most the next request after it", raw)
    ok(server.is_running(), "row 61: the server lives", server.log()[-2000:])
