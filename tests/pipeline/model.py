"""What the example pipeline should do to a record, written down once more and differently: over parsed JSON."""
import json
from decimal import Decimal

ALLOWED = {"EUR", "USD", "GBP", "eur", "usd", "gbp"}
REGIONS = [("+1876", "jm"), ("+49", "de"), ("+33", "fr"), ("+44", "uk"), ("+81", "jp"), ("+1", "us")]


def parse(line):
    return json.loads(line, parse_float=Decimal, parse_int=Decimal)


def is_number(value):
    return isinstance(value, Decimal)


def valid(record):
    for key in ("request_id", "user_id", "amount", "currency"):
        if record.get(key) is None:
            return False
    if not all(isinstance(record[key], str) for key in ("request_id", "user_id", "currency")):
        return False
    if not is_number(record["amount"]) or not isinstance(record.get("tags", []), list):
        return False
    return 0 <= record["amount"] <= 100_000 and record["currency"] in ALLOWED


def fnv1a(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def mask(text, keep):
    return "*" * max(len(text) - keep, 0) + text[max(len(text) - keep, 0):]


def expected(record):
    """The record that comes out, or None for one that is refused."""
    if not valid(record):
        return None
    out = dict(record)
    phone = record.get("phone", "")
    out["region"] = next((region for prefix, region in REGIONS if phone.startswith(prefix)), "other")
    amount = record["amount"]
    out["priority"] = "high" if amount >= 2000 else "medium" if amount >= Decimal("250.5") else "low"
    out["bucket"] = Decimal(fnv1a(record["user_id"]) % 64)
    out["source"], out["schema"] = "edge", Decimal(3)
    for key in ("debug", "agent"):
        out.pop(key, None)
    out["card"], out["phone"] = mask(record["card"], 4), mask(phone, 3)
    out["currency"] = record["currency"].upper()
    names = {"user_id": "userId", "request_id": "id"}
    return {names.get(key, key): value for key, value in out.items()}
