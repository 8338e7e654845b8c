"""Small modules written byte by byte, for what no compiler would write."""


def leb(value):
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def vector(items):
    return leb(len(items)) + b"".join(items)


def name(text):
    return leb(len(text)) + text.encode()


def section(number, content):
    return bytes([number]) + leb(len(content)) + content


I32 = b"\x7f"
FOREVER = b"\x03\x40\x0c\x00\x0b"  # loop br 0 end
UNREACHABLE = b"\x00"
EMPTY = b""

# What the transform ABI wants: name, parameters, results, body.
ABI = {
    "transform": (2, 1, b"\x20\x00"),  # returns its input
    "get_output_len": (0, 1, b"\x23\x00"),  # global 0, the size of the input
    "malloc": (1, 1, b"\x20\x00\x24\x00\x41\x10"),  # keeps the size in global 0, returns 16
    "free": (1, 0, b""),
}


def plugin(changes=None, start=None, pages=1, imports=()):
    """A plugin that returns its input, with some exports changed or (None) left out.

    `start` is the body of a start function; `imports` are (module, name) of functions without parameters and results.
    """
    exports = {key: value for key, value in {**ABI, **(changes or {})}.items() if value is not None}
    functions = list(exports.values()) + ([(0, 0, start)] if start is not None else [])
    types = [b"\x60" + vector([I32] * params) + vector([I32] * results) for params, results, _ in functions]
    types.append(b"\x60\x00\x00")
    first = len(imports)
    sections = [section(1, vector(types))]
    if imports:
        kind = b"\x00" + leb(len(types) - 1)
        sections.append(section(2, vector([name(module) + name(field) + kind for module, field in imports])))
    sections.append(section(3, vector([leb(index) for index in range(len(functions))])))
    sections.append(section(5, vector([b"\x00" + leb(pages)])))
    sections.append(section(6, vector([I32 + b"\x01\x41\x00\x0b"])))
    exported = [name("memory") + b"\x02\x00"]
    exported += [name(key) + b"\x00" + leb(first + index) for index, key in enumerate(exports)]
    sections.append(section(7, vector(exported)))
    if start is not None:
        sections.append(section(8, leb(first + len(functions) - 1)))
    bodies = [b"\x00" + body + b"\x0b" for _, _, body in functions]
    sections.append(section(10, vector([leb(len(body)) + body for body in bodies])))
    return b"\x00asm\x01\x00\x00\x00" + b"".join(sections)
