import assert from "node:assert/strict";
import { test } from "node:test";
import { element, escapeHtml, plain, type Rendering } from "../../src/page/static/text.ts";

const table = { languages: ["kk", "ru", "en"], texts: { send: ['<"&>', "б", "c"] } } as const;
const inKazakh: Rendering = { table, shown: "kk" };
const inAll: Rendering = { table, shown: null };

test("text_is_escaped_in_elements_and_attributes", () => {
  assert.equal(escapeHtml('<a href="x">&'), "&lt;a href=&quot;x&quot;&gt;&amp;");
  assert.equal(element(inKazakh, "p", "send"), '<p data-i="send">&lt;&quot;&amp;&gt;</p>');
});

test("element_in_all_languages_marks_each_with_its_lang", () => {
  const spans = "<span lang=kk>&lt;&quot;&amp;&gt;</span> <span lang=ru>б</span> <span lang=en>c</span>";
  assert.equal(element(inAll, "p", "send", "id=x"), `<p data-i="send" id=x>${spans}</p>`);
});

test("element_that_holds_only_text_gets_no_markup", () => {
  assert.equal(
    element(inAll, "option", "send"),
    '<option data-i="send">&lt;&quot;&amp;&gt; · б · c</option>',
  );
  assert.equal(plain(inAll, "send"), "&lt;&quot;&amp;&gt; · б · c");
});
