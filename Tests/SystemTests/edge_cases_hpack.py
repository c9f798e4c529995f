"""What no decoder of HPACK may take (RFC 7541): the cases of h2spec's hpack section, one row each."""

from __future__ import annotations

from h2.errors import ErrorCodes

from edge_cases import Case, connection_error
from edge_cases_generic import huffman
from edge_peer import block, headers, integer, request

# Beyond the static table and everything a new connection's table holds.
UNKNOWN = 70
TABLE_BYTES = 4_096
refused = connection_error(ErrorCodes.COMPRESSION_ERROR)


def after_request(octets: bytes) -> tuple[bytes]:
    return (headers(1, block(request()) + octets),)


def packed_value(octets: bytes) -> bytes:
    """A field `x-test` whose value is these octets, said to be Huffman's."""
    return b"\x00\x06x-test" + integer(len(octets), 7, 0x80) + octets


test = huffman(b"test")  # Twenty bits, and four ones to fill the octet.

CASES = [
    Case("2.3.3/1", "an indexed field that is in no table", after_request(integer(UNKNOWN, 7, 0x80)), refused),
    Case("2.3.3/2", "a literal whose name is in no table", after_request(integer(UNKNOWN, 6, 0x40) + b"\x00"), refused),
    Case("4.2/1", "a table size update behind a field", after_request(b"\x20"), refused),
    Case("5.2/1", "Huffman's padding longer than seven bits", after_request(packed_value(test + b"\xff")), refused),
    Case("5.2/2", "Huffman's padding of zeroes", after_request(packed_value(test[:-1] + bytes([test[-1] & 0xf0]))), refused),
    Case("5.2/3", "Huffman's end of string within one", after_request(packed_value(test + b"\xff\xff\xff\xff")), refused),
    Case("6.1/1", "an indexed field of index 0", after_request(b"\x80"), refused),
    Case("6.3/1", "a table larger than we allow", (headers(1, integer(TABLE_BYTES + 1, 5, 0x20) + block(request())),), refused),
    # Beside h2spec's own.
    Case("5.1/1", "an integer that does not end", after_request(b"\xff" + b"\x80" * 20 + b"\x01"), refused),
    Case("5.1/2", "an integer past the end of the block", after_request(b"\x40\x7f"), refused),
    Case("5.2/4", "a string past the end of the block", after_request(b"\x00\x7f" + b"x"), refused),
    Case("4.1/1", "an entry larger than the table empties it", (
        headers(1, block(request()) + b"\x40\x01a\x01b" + b"\x40" + integer(5_000, 7) + b"x" * 5_000 + b"\x01c"),
        headers(3, block(request()) + b"\xbe")), refused),
]
