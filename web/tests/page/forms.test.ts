import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ANSWER_ID_PATTERN } from "../../src/generated/constants.ts";
import type { Forms } from "../../src/page/forms.ts";

const FILE = path.join(import.meta.dirname, "..", "..", "..", "intake", "wire", "forms.json");
const forms: Forms = JSON.parse(readFileSync(FILE, "utf8"));
const KINDS = ["text", "long", "choice", "flag", "media"];
const ID = new RegExp(`^${ANSWER_ID_PATTERN}$`);

function fieldsOf(id: string): readonly string[] {
  return forms.forms.find((form) => form.id === id)?.fields ?? [];
}

test("forms_are_the_three_journeys", () => {
  assert.deepEqual(
    forms.forms.map(({ id }) => id),
    ["saw", "look", "released"],
  );
});

test("forms_have_only_the_agreed_keys", () => {
  assert.deepEqual(Object.keys(forms), ["version", "forms", "fields"]);
  for (const form of forms.forms) assert.deepEqual(Object.keys(form), ["id", "title", "fields"]);
  for (const field of forms.fields) {
    const expected = ["id", "kind", "label", "hint", ...(field.kind === "choice" ? ["choices"] : [])];
    assert.deepEqual(Object.keys(field), expected, field.id);
  }
});

test("forms_ids_fit_the_section_body_and_are_unique", () => {
  const ids = forms.fields.map(({ id }) => id);
  for (const id of ids) assert.match(id, ID);
  assert.equal(new Set(ids).size, ids.length);
  for (const { choices = [] } of forms.fields) {
    for (const choice of choices) assert.match(choice.id, ID);
    assert.equal(new Set(choices.map(({ id }) => id)).size, choices.length);
  }
});

test("forms_name_known_fields_and_every_field_is_named", () => {
  const named = new Set(forms.forms.flatMap(({ fields }) => fields));
  assert.deepEqual([...named].sort(), forms.fields.map(({ id }) => id).sort());
  for (const field of forms.fields) assert.ok(KINDS.includes(field.kind), field.id);
});

test("forms_say_everything_in_three_languages", () => {
  const words = forms.fields.flatMap(({ label, choices = [] }) => [label, ...choices.map((c) => c.label)]);
  for (const text of [...words, ...forms.forms.map(({ title }) => title)]) {
    assert.deepEqual(Object.keys(text), ["kk", "ru", "en"]);
    for (const said of Object.values(text)) assert.ok(said.length > 0);
  }
  for (const { hint } of forms.fields) assert.equal(new Set(Object.values(hint).map(Boolean)).size, 1);
});

test("forms_never_call_someone_detained_arrested", () => {
  const text = readFileSync(FILE, "utf8");
  assert.doesNotMatch(text, /арест|қамау|\barrest|подозрева|нарушител|без вести/i);
});

test("forms_ask_who_where_when_first_and_two_flags_before_the_fold", () => {
  assert.deepEqual(fieldsOf("saw").slice(0, 3), ["who", "where", "when"]);
  for (const id of ["saw", "look", "released"]) {
    const fields = fieldsOf(id);
    const fold = fields.indexOf("media");
    assert.ok(fold > 0 && fields.indexOf("hurt") < fold && fields.indexOf("minor") < fold, id);
  }
});

test("forms_ask_the_released_for_others_right_after_needs", () => {
  const [first, second, third] = fieldsOf("released");
  assert.deepEqual([first, second, third], ["need_doctor", "need_lawyer", "others_seen"]);
});
