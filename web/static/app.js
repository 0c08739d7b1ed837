// What the pages do beyond plain HTML. Everything here improves something that works without it.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (type, handler, options) => document.addEventListener(type, handler, options);

  const announce = (text) => {
    const box = $("#announce");
    if (box && text && box.textContent !== text) box.textContent = text;
  };

  const toast = (title, text) => {
    const box = $("#toasts");
    if (!box) return;
    const item = document.createElement("div");
    item.className = "toast max-w-sm";
    item.setAttribute("role", "alert");
    const body = document.createElement("div");
    const head = document.createElement("p");
    head.className = "font-medium";
    head.textContent = title;
    body.append(head);
    if (text) {
      const line = document.createElement("p");
      line.className = "text-sm text-ink-2";
      line.textContent = text;
      body.append(line);
    }
    item.append(body);
    box.replaceChildren(item);
    setTimeout(() => item.remove(), 8000);
  };

  // Theme: a click sets the cookie that the server reads, and the page at once.
  on("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-form]")) return;
    event.preventDefault();
    const theme = event.submitter?.value || "system";
    document.documentElement.dataset.theme = theme;
    document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax`;
    $$("[name=theme]", form).forEach((b) => b.setAttribute("aria-pressed", String(b.value === theme)));
  });

  // Menus close on Escape and on a click elsewhere.
  on("click", (event) => {
    $$("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  // Forms that must not be sent twice say what they are doing meanwhile.
  on("submit", (event) => {
    const button = event.submitter;
    if (!event.target.matches("[data-once]") || event.defaultPrevented) return;
    if (event.target.dataset.sent) {
      event.preventDefault();
      return;
    }
    event.target.dataset.sent = "true";
    if (button?.dataset.busy) {
      button.lastChild.textContent = button.dataset.busy;
      announce(button.dataset.busy);
    }
  });
  addEventListener("pageshow", () => $$("[data-sent]").forEach((form) => delete form.dataset.sent));

  // Deleting asks once more only where the form says so.
  on("submit", (event) => {
    const question = event.submitter?.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
  }, true);

  // Copy: an address whose text is copied, or the text of an element.
  on("click", async (event) => {
    const button = event.target.closest("[data-copy],[data-copy-text]");
    if (!button || !navigator.clipboard) return;
    event.preventDefault();
    try {
      let text = button.dataset.copyText;
      if (text === undefined) {
        const answer = await fetch(button.dataset.copy);
        if (!answer.ok) throw new Error(answer.statusText);
        text = await answer.text();
      }
      await navigator.clipboard.writeText(text);
      const label = $("[data-copy-label]", button) || button;
      const before = label.textContent;
      label.textContent = "Copied";
      announce("Copied");
      setTimeout(() => (label.textContent = before), 1600);
    } catch {
      toast("Could not copy", "The browser did not allow it, or the page did not answer.");
    }
  });

  // Lists that can be filtered while typing.
  on("input", (event) => {
    if (!event.target.matches("[data-filter]")) return;
    const list = event.target.closest("[data-filter-list]");
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    const items = $$("[data-filter-item]", list);
    let shown = 0;
    for (const item of items) {
      const text = item.dataset.filterItem.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) shown++;
    }
    const count = $("[data-filter-count]", list);
    if (count) count.textContent = shown === items.length ? `${items.length} spaces` : `${shown} of ${items.length} spaces`;
  });
  on("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-filter]")) event.preventDefault();
  });

  // Bulk selection.
  const countPicked = () => {
    const label = $("[data-bulk-count]");
    if (!label) return;
    const boxes = $$("[data-bulk] tbody input[type=checkbox]");
    const picked = boxes.filter((box) => box.checked).length;
    label.textContent = picked ? `${picked} selected:` : "With selected:";
    $$("[data-bulk] button[name=do]").forEach((b) => (b.disabled = picked === 0));
    const all = $("[data-check-all]");
    if (all) {
      all.checked = picked > 0 && picked === boxes.length;
      all.indeterminate = picked > 0 && picked < boxes.length;
    }
  };
  on("change", (event) => {
    if (event.target.matches("[data-check-all]")) {
      $$("[data-bulk] tbody input[type=checkbox]").forEach((box) => (box.checked = event.target.checked));
    }
    if (event.target.closest("[data-bulk]")) countPicked();
  });

  // Recent searches live in this browser only.
  const recentKey = "sluice.recent";
  const recent = () => {
    try {
      const list = JSON.parse(localStorage.getItem(recentKey) || "[]");
      return Array.isArray(list) ? list.filter((q) => typeof q === "string") : [];
    } catch {
      return [];
    }
  };
  const remember = (query) => {
    if (!query) return;
    try {
      localStorage.setItem(recentKey, JSON.stringify([query, ...recent().filter((q) => q !== query)].slice(0, 8)));
    } catch {
      // Storage is full or forbidden: recent searches are only a convenience.
    }
  };

  // The list under the search box (ARIA combobox).
  const combo = (input) => {
    if (input.dataset.ready) return;
    input.dataset.ready = "true";
    const list = document.createElement("div");
    list.className = "suggest";
    list.id = "suggest-list";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
    input.closest(".searchbox").append(list);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": list.id })) {
      input.setAttribute(name, value);
    }
    let timer = 0;
    let asked = "";
    let current = -1;
    const options = () => $$("[role=option]", list);
    const close = () => {
      list.hidden = true;
      current = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const open = () => {
      list.hidden = options().length === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
    };
    const select = (index) => {
      const all = options();
      current = (index + all.length + 1) % (all.length + 1);
      if (current === all.length) current = -1;
      all.forEach((o, i) => o.setAttribute("aria-selected", String(i === current)));
      if (current >= 0) {
        input.setAttribute("aria-activedescendant", all[current].id);
        all[current].scrollIntoView({ block: "nearest" });
      } else {
        input.removeAttribute("aria-activedescendant");
      }
    };
    const showRecent = () => {
      const items = recent();
      list.replaceChildren();
      items.forEach((query, i) => {
        const a = document.createElement("a");
        a.id = `r-${i}`;
        a.className = "suggest-item";
        a.href = `/?q=${encodeURIComponent(query)}`;
        a.tabIndex = -1;
        a.setAttribute("role", "option");
        a.setAttribute("aria-selected", "false");
        a.textContent = query;
        const note = document.createElement("span");
        note.className = "ml-auto text-xs text-ink-2";
        note.textContent = "recent";
        a.append(note);
        list.append(a);
      });
      open();
    };
    const ask = async () => {
      const query = input.value.trim();
      asked = query;
      if (query === "") return showRecent();
      try {
        const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(query)}`, { headers: { "HX-Request": "true" } });
        if (!answer.ok || asked !== query || document.activeElement !== input) return;
        const part = new DOMParser().parseFromString(await answer.text(), "text/html");
        list.replaceChildren(...part.body.childNodes);
        current = -1;
        open();
      } catch {
        close(); // suggestions are a convenience; the search itself reports what is wrong
      }
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 120);
    });
    input.addEventListener("click", () => {
      if (input.value === "") showRecent();
    });
    input.addEventListener("blur", () => setTimeout(close, 150));
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (list.hidden) {
          const first = $("[data-hit-link]");
          if (event.key === "ArrowDown" && first) {
            event.preventDefault();
            first.focus();
          }
          return;
        }
        event.preventDefault();
        select(current + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Enter" && current >= 0) {
        event.preventDefault();
        options()[current].click();
      } else if (event.key === "Enter") {
        clearTimeout(timer);
        asked = "";
        close();
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      }
    });
  };

  // Keys: "/" goes to the box; arrows walk through the hits; Escape comes back.
  on("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input,textarea,select,[contenteditable]");
    if (event.key === "/" && !typing) {
      const box = $("#q");
      event.preventDefault();
      if (box) {
        box.focus();
        box.select();
      } else {
        location.href = "/";
      }
      return;
    }
    if (event.key === "Escape") {
      const menu = $("details[data-menu][open]");
      if (menu) {
        menu.open = false;
        $("summary", menu).focus();
        return;
      }
    }
    if (typing) return;
    const hit = event.target.closest("[data-hit]");
    if (!hit || !["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return;
    const links = $$("[data-hit-link]");
    const here = links.indexOf($("[data-hit-link]", hit));
    event.preventDefault();
    if (event.key === "Escape" || (event.key === "ArrowUp" && here === 0)) {
      $("#q")?.focus();
    } else {
      links[here + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    }
  });

  // The entry of the table of contents that is being read.
  const followContents = () => {
    const lists = $$("[data-toc]");
    const headings = $$("[data-prose] [id]").filter((h) => /^H[1-6]$/.test(h.tagName));
    if (!lists.length || !headings.length || !("IntersectionObserver" in window)) return;
    const mark = () => {
      let now = headings[0];
      for (const h of headings) {
        if (h.getBoundingClientRect().top > 120) break;
        now = h;
      }
      for (const list of lists) {
        $$("a", list).forEach((a) => {
          if (decodeURIComponent(a.hash.slice(1)) === now.id) a.setAttribute("aria-current", "true");
          else a.removeAttribute("aria-current");
        });
      }
    };
    const watcher = new IntersectionObserver(mark, { rootMargin: "-80px 0px -60% 0px" });
    headings.forEach((h) => watcher.observe(h));
    mark();
  };

  const setUp = () => {
    $$("input[data-suggest]").forEach(combo);
    // On a narrow screen the tab of this page may lie beyond the edge.
    $$(".tabs").forEach((row) => {
      const tab = $("[aria-current]", row);
      if (tab) row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
    });
    countPicked();
    const query = new URLSearchParams(location.search).get("q");
    if (query && $("[data-hit]")) remember(query.trim());
  };

  // htmx: polls cost nothing while nothing changed or nobody looks.
  on("htmx:configRequest", (event) => {
    const tag = event.detail.elt.dataset?.etag;
    if (tag) event.detail.headers["If-None-Match"] = tag;
  });
  on("htmx:beforeRequest", (event) => {
    if (event.detail.elt.matches?.("[data-poll]") && document.hidden) event.preventDefault();
  });
  on("visibilitychange", () => {
    if (document.hidden || !window.htmx) return;
    $$("[data-refresh]").forEach((part) => {
      htmx.ajax("GET", part.dataset.refresh, { source: part, target: part, swap: "morph:outerHTML" }).catch(() => {});
    });
  });
  on("htmx:afterSettle", (event) => {
    setUp();
    const said = event.detail.elt?.dataset?.say;
    if (said) announce(said);
    const summary = $("[data-announce]", event.detail.elt);
    if (summary) announce(summary.textContent);
  });

  // After an upgrade the server's pages and this tab's scripts differ: load anew, unless something is being typed.
  const version = $('meta[name="sluice-version"]')?.content;
  on("htmx:afterRequest", (event) => {
    const theirs = event.detail.xhr?.getResponseHeader("Sluice-Version");
    if (theirs && version && theirs !== version && !document.activeElement?.matches("input,textarea")) location.reload();
  });

  // Faults of fragments are shown where the person looks.
  let lost = false;
  on("htmx:responseError", (event) => {
    const xhr = event.detail.xhr;
    if (xhr.getResponseHeader("HX-Redirect")) return;
    const part = new DOMParser().parseFromString(xhr.responseText || "", "text/html").body;
    const lines = $$("p", part).map((p) => p.textContent.trim()).filter(Boolean);
    toast(lines[0] || `The server answered ${xhr.status}`, lines[1]);
  });
  on("htmx:sendError", () => {
    if (!lost) toast("No connection to the server", "Trying again.");
    lost = true;
  });
  on("htmx:afterOnLoad", () => {
    if (lost) toast("Connected again");
    lost = false;
  });

  on("DOMContentLoaded", () => {
    // A morph keeps what the person did to the page: ticked boxes, opened details.
    if (window.Idiomorph) {
      Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
        !((name === "checked" && node.matches("[data-keep]")) || (name === "open" && node.tagName === "DETAILS"));
    }
    setUp();
    followContents();
  });
})();
