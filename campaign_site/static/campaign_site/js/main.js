/** Loads the behaviours that every page has. Each listens to the document, so what comes later needs no new start. */

import * as bulk from "./bulk.js";
import * as copy from "./copy.js";
import * as dialog from "./dialog.js";
import * as leave from "./leave.js";
import * as live from "./live.js";
import * as menu from "./menu.js";
import * as names from "./names.js";
import * as palette from "./palette.js";
import * as sheet from "./sheet.js";
import * as shortcuts from "./shortcuts.js";
import * as toast from "./toast.js";
import * as wide from "./wide.js";

for (const behaviour of [toast, dialog, live, copy, menu, bulk, sheet, leave, names, palette, shortcuts, wide]) {
  behaviour.start();
}
// From here on, what is clicked is taken by the page itself.
document.body.classList.add("ready");
