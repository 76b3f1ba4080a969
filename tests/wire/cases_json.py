"""Cases of strict JSON and of section bodies."""

import json

from tests.wire.make_vectors import is_folded, put_text

DEEP = 16


def ok(description, text):
    value = {} if is_folded(text.encode()) else {"value": json.loads(text)}
    return {"description": description, "expect": "ok"} | put_text(text.encode()) | value


def bad(description, data, expect):
    raw = data.encode() if isinstance(data, str) else data
    return {"description": description, "expect": expect} | put_text(raw)


def nested(depth):
    """An object that holds arrays, `depth` levels in all."""
    return '{"a":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def json_good():
    return {
        "good_empty": ok("an empty object", "{}"),
        "good_values": ok("every kind of value", '{"s":"","n":0,"t":true,"f":false,"z":null,"a":[],"o":{}}'),
        "good_integers": ok("the lowest and the highest integer", '{"low":0,"high":9007199254740991}'),
        "good_key_order": ok("keys stay in their order", '{"b":1,"a":2}'),
        "good_integer_keys": ok("keys that look like numbers stay in their order too", '{"b":1,"10":2,"9":3}'),
        "good_proto_key": ok("a key that means something in JavaScript", '{"__proto__":{"a":1},"constructor":"x"}'),
        "good_empty_key": ok("an empty key", '{"":1}'),
        "good_short_escapes": ok("the seven short escapes", r'{"a":"\"\\\b\t\n\f\r"}'),
        "good_long_escapes": ok("control characters without a short escape", r'{"a":"\u0000\u001f\u000b"}'),
        "good_raw_characters": ok(
            "DEL, line separators, a noncharacter, a byte order mark, an astral letter and a slash stand raw",
            '{"a":"\x7f\u2028\u2029\ufffe\ufeff\U0001f4de/"}',
        ),
        "good_brackets_in_strings": ok("brackets in strings do not nest", '{"a":"' + "[{" * 40 + '\\"[[[["}'),
        "good_deepest": ok("16 levels", nested(DEEP)),
    }


def json_numbers():
    numbers = {
        "number_negative": "-1",
        "number_minus_zero": "-0",
        "number_leading_zero": "01",
        "number_fraction": "1.0",
        "number_exponent": "1e2",
        "number_too_large": "9007199254740992",
        "number_rounds_into_range": "9007199254740991.4",
        "number_of_many_digits": "1" + "0" * 5000,
        "number_nan": "NaN",
        "number_infinity": "Infinity",
        "number_plus": "+1",
        "number_hex": "0x10",
    }
    return {name: bad(text[:20], f'{{"a":{text}}}', "EncodingInvalid") for name, text in numbers.items()}


def json_broken():
    broken = {
        "empty": "",
        "array": "[]",
        "string": '"a"',
        "null": "null",
        "byte_order_mark": '\ufeff{"a":1}',
        "space_first": ' {"a":1}',
        "space_inside": '{"a": 1}',
        "newline_last": '{"a":1}\n',
        "carriage_return": '{"a":1,\r"b":2}',
        "two_objects": "{}{}",
        "trailing_byte": "{}x",
        "trailing_nul": "{}\0",
        "cut_off": '{"a":1',
        "string_open": '{"a":"b',
        "string_ends_in_backslash": '{"a":"b\\',
        "trailing_comma": '{"a":1,}',
        "comma_alone": "{,}",
        "comment": '{"a":1/**/}',
        "single_quotes": "{'a':1}",
        "bare_key": "{a:1}",
        "number_as_key": "{1:1}",
        "key_twice": '{"a":1,"a":1}',
        "key_twice_deep": '{"a":{"b":1,"b":2}}',
        "key_twice_escaped": r'{"a":1,"\u0061":2}',
        "true_capital": '{"a":True}',
        "undefined": '{"a":undefined}',
        "escape_slash": r'{"a":"\/"}',
        "escape_letter": r'{"a":"\u0041"}',
        "escape_upper_case_hex": r'{"a":"\u001F"}',
        "escape_long_for_newline": r'{"a":"\u000a"}',
        "escape_del": r'{"a":"\u007f"}',
        "escape_x": r'{"a":"\x41"}',
        "escape_surrogate_pair": r'{"a":"\ud83d\ude00"}',
        "escape_lone_surrogate": r'{"a":"\ud800"}',
        "escape_lone_low_surrogate": r'{"a":"\udc00"}',
        "escape_lone_surrogate_in_key": r'{"\ud800":1}',
        "control_character_raw": '{"a":"\x1f"}',
        "newline_raw": '{"a":"\n"}',
        "tab_raw": '{"a":"\t"}',
        "too_deep": nested(DEEP + 1),
        "much_too_deep": '{"a":' + "[" * 60_000,
        "brackets_do_not_match": '{"a":[}',
    }
    cases = {name: bad(name.replace("_", " "), text, "EncodingInvalid") for name, text in broken.items()}
    not_utf8 = {"not_utf8": b"\xff", "overlong_utf8": b"\xc1\x81", "surrogate_utf8": b"\xed\xa0\x80"}
    for name, data in not_utf8.items():
        cases[name] = bad(name.replace("_", " "), b'{"a":"' + data + b'"}', "EncodingInvalid")
    return cases


def section(form='"saw"', lang='"kk"', made='"2026-11-22T18:30"', answers='{"who":"x"}'):
    return f'{{"form":{form},"lang":{lang},"made":{made},"answers":{answers}}}'


def section_good():
    return {
        "good": ok(
            "the example of SPEC.md",
            section(answers='{"who":"Әлия","where":"базар","when":"now","hurt":true,"story":"екі\\nжол"}'),
        ),
        "good_no_answers": ok("an addition that only carries a reply block", section(answers="{}")),
        "good_clock_unknown": ok("made is empty", section(made='""')),
        "good_leap_day": ok("29 February of a leap year", section(made='"2028-02-29T00:00"')),
        "good_list": ok("a list of 64 texts", section(answers='{"items":[' + ",".join(['"a"'] * 64) + "]}")),
        "good_unknown_ids": ok("ids that forms.json does not have", section('"new_form_2"', answers='{"z9_":"x"}')),
        "good_longest_id": ok("an id of 32 characters", section(answers='{"a' + "b" * 31 + '":"x"}')),
        "good_id_constructor": ok("an id that means something in JavaScript", section(answers='{"constructor":"x"}')),
        "good_longest_answer": ok("20,000 letters", section(answers='{"story":"' + "a" * 20_000 + '"}')),
        "good_longest_answer_astral": ok(
            "15,000 characters beyond U+FFFF, two UTF-16 units each", section(answers='{"s":"' + "😀" * 15_000 + '"}')
        ),
    }


def section_fields():
    return {
        "form_empty": section('""'),
        "form_not_text": section("1"),
        "form_upper_case": section('"Saw"'),
        "lang_unknown": section(lang='"de"'),
        "lang_upper_case": section(lang='"KK"'),
        "made_not_rounded": section(made='"2026-11-22T18:31"'),
        "made_with_seconds": section(made='"2026-11-22T18:30:00"'),
        "made_with_zone": section(made='"2026-11-22T18:30Z"'),
        "made_with_space": section(made='"2026-11-22 18:30"'),
        "made_day_alone": section(made='"2026-11-22"'),
        "made_hour_24": section(made='"2026-11-22T24:00"'),
        "made_minute_60": section(made='"2026-11-22T18:60"'),
        "made_no_such_day": section(made='"2026-02-29T00:00"'),
        "made_month_13": section(made='"2026-13-01T00:00"'),
        "made_year_zero": section(made='"0000-01-01T00:00"'),
        "made_other_digits": section(made='"２０２６-11-22T18:30"'),
        "made_newline": section(made='"2026-11-22T18:30\\n"'),
        "made_null": section(made="null"),
    }


def section_answers():
    return {
        "answers_array": section(answers="[]"),
        "answers_null": section(answers="null"),
        "answer_empty": section(answers='{"a":""}'),
        "answer_number": section(answers='{"a":1}'),
        "answer_false": section(answers='{"a":false}'),
        "answer_null": section(answers='{"a":null}'),
        "answer_object": section(answers='{"a":{"b":"c"}}'),
        "answer_too_long": section(answers='{"a":"' + "a" * 20_001 + '"}'),
        "answer_twice": section(answers='{"a":"x","a":"x"}'),
        "list_empty": section(answers='{"a":[]}'),
        "list_too_long": section(answers='{"a":[' + ",".join(['"a"'] * 65) + "]}"),
        "list_of_numbers": section(answers='{"a":[1]}'),
        "list_of_true": section(answers='{"a":[true]}'),
        "list_of_lists": section(answers='{"a":[["b"]]}'),
        "list_with_empty_text": section(answers='{"a":["b",""]}'),
        "id_empty": section(answers='{"":"x"}'),
        "id_upper_case": section(answers='{"Who":"x"}'),
        "id_digit_first": section(answers='{"1a":"x"}'),
        "id_too_long": section(answers='{"' + "a" * 33 + '":"x"}'),
        "id_cyrillic": section(answers='{"а":"x"}'),
        "id_newline": section(answers='{"a\\n":"x"}'),
        "id_proto": section(answers='{"__proto__":"x"}'),
    }


def section_shape():
    good = section()
    return {
        "empty": "",
        "empty_object": "{}",
        "array": f"[{good}]",
        "byte_order_mark": "\ufeff" + good,
        "newline_last": good + "\n",
        "space_inside": good.replace(":", ": ", 1),
        "cut_off": good[:-1],
        "keys_in_other_order": good.replace('"form":"saw","lang":"kk"', '"lang":"kk","form":"saw"'),
        "key_missing": good.replace('"lang":"kk",', ""),
        "key_unknown": good[:-1] + ',"more":1}',
        "key_twice": good.replace('"lang"', '"lang":"kk","lang"'),
        "escape_needless": good.replace('"x"', r'"\u0078"'),
        "escape_lone_surrogate": good.replace('"x"', r'"\ud83d"'),
        "padding_left": good + "\0\0",
    }


def folders():
    """Folder -> name -> case."""
    invalid = section_fields() | section_answers() | section_shape()
    bad_sections = {name: bad(name.replace("_", " "), text, "SectionInvalid") for name, text in invalid.items()}
    bad_sections["not_utf8"] = bad("not utf8", section().encode().replace(b'"x"', b'"\xff"'), "SectionInvalid")
    return {"strict-json": json_good() | json_numbers() | json_broken(), "section": section_good() | bad_sections}
