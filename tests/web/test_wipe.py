"""Wipe while the browser's storage hangs: the screen goes first, and the stored bytes go too."""

from deploy.rehearsal.phone import Phone

HELD_MS = 2000
BLANK_MAX_MS = 500
"""From the end of the hold, on a busy machine."""

STORAGE_HANGS = "LockManager.prototype.query = () => new Promise(() => {});"
"""The outbox asks for other tabs before it is open; now it never is."""

WATCH = """() => {
  let down = 0;
  addEventListener("pointerdown", () => { down = performance.now(); }, true);
  new MutationObserver(() => {
    if (document.body.childNodes.length === 0) document.title = `${performance.now() - down}`;
  }).observe(document.body, { childList: true });
}"""


def test_wipe_blanks_and_deletes_though_the_outbox_never_opens(switch, window):
    switch.up()
    phone = Phone(window("ru").pages[0], switch.machines.url + "/")
    phone.page.add_init_script(STORAGE_HANGS)
    phone.open()
    phone.page.evaluate(WATCH)
    phone.hook("traces").locator("summary").click()
    phone.hook("wipe").hover()
    phone.page.mouse.down()
    phone.page.locator("main").wait_for(state="detached")
    held = float(phone.page.title())
    print(f"\nblank {held - HELD_MS:.0f} ms after the hold")
    assert held + 1 >= HELD_MS
    assert held - HELD_MS < BLANK_MAX_MS
    phone.page.wait_for_url("about:blank", timeout=20_000)
    phone.page.goto(switch.machines.url + "/health")
    assert phone.page.evaluate("indexedDB.databases()") == []
