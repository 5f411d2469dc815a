"use strict";
// Enhances a page that is whole without it: sort, filter, switch the figure, hide a provenance. State lives in the hash.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const table = document.getElementById("matrix"), body = table.tBodies[0], rows = [...body.rows];
  const heads = all("thead th", table), fields = all("[data-state]"), hides = all("[data-hide]");
  const onlys = all("[data-only]"), withs = all("[data-with]"), found = document.getElementById("found");
  const metrics = all("[data-state=metric] option").map((o) => o.value);
  const start = { q: "", family: "", tier: "", metric: metrics[0], only: "", hide: "", sort: "" };
  let state = { ...start };

  const column = () => document.querySelector("[data-state=tier]").selectedIndex - 1;
  const facts = rows.map((row) => ({
    row, index: Number(row.dataset.row), name: row.cells[0].textContent.toLowerCase(), family: row.cells[1].textContent,
    states: [...row.cells].slice(2).map((cell) => (cell.dataset.s || "").split(" ")),
  }));
  const bodies = all("[data-row]"), only = () => state.only.split(" ").filter(Boolean);
  let shown = { at: -1, order: rows };

  function shows(fact, at) {
    const states = at < 0 ? fact.states : [fact.states[at]];
    return fact.name.includes(state.q.toLowerCase()) && (!state.family || fact.family === state.family) &&
      (!state.only || states.some((found) => only().some((wanted) => found.includes(wanted))));
  }

  // Undefined sorts last both ways; figures that are equal or both missing go by memory.
  function keys(fact, by) {
    if (by === "name" || by === "family") return [fact[by]];
    const key = fact.row.cells[2 + Number(by)].dataset.k, figures = (key || "").split("|");
    return [key === undefined ? 1 : 0, figures[metrics.indexOf(state.metric)], figures[metrics.indexOf("memory")]]
      .map((p, i) => (i ? (p ? Number(p) : undefined) : p));
  }

  function compare(x, y, sign) {
    for (let i = 0; i < x.length; i++) {
      if (x[i] === y[i]) continue;
      if (x[i] === undefined) return 1;
      if (y[i] === undefined) return -1;
      return (x[i] < y[i] ? -1 : 1) * (x.length > 1 && i === 0 ? 1 : sign);
    }
    return 0;
  }

  function ordered(by, sign) {
    const known = facts.map((fact) => [fact, by ? keys(fact, by) : []]);
    return known.sort((a, b) => compare(a[1], b[1], sign) || a[0].index - b[0].index).map(([fact]) => fact.row);
  }

  // A browser lays the whole table out anew for each of these, so only what differs is touched.
  function arrange(at, order) {
    if (at !== shown.at) for (const cell of all("[data-t]", table)) cell.hidden = at >= 0 && cell.dataset.t !== String(at);
    if (order.some((row, i) => row !== shown.order[i])) body.append(...order);
    shown = { at, order };
  }

  function apply() {
    const [by, way] = state.sort.split("~"), at = column();
    if (table.dataset.metric !== state.metric) table.dataset.metric = state.metric;
    const seen = new Set(facts.filter((fact) => shows(fact, at)).map((fact) => fact.row.dataset.row));
    for (const part of bodies) {
      const here = at < 0 || part.dataset.at === undefined || part.dataset.at === String(at);
      if (part.hidden === (here && seen.has(part.dataset.row))) part.hidden = !part.hidden;
    }
    arrange(at, ordered(by, way === "down" ? -1 : 1));
    for (const head of heads) {
      head.setAttribute("aria-sort", head.dataset.by !== by ? "none" : way === "down" ? "descending" : "ascending");
    }
    for (const box of hides) {
      box.checked = !state.hide.split(" ").includes(box.dataset.hide);
      document.body.classList.toggle(`no-${box.dataset.hide}`, !box.checked);
    }
    for (const button of onlys) button.setAttribute("aria-pressed", String(button.dataset.only === (state.only || "all")));
    for (const box of withs) box.checked = only().includes(box.dataset.with);
    found.textContent = seen.size === rows.length ? `${rows.length} workloads` : `${seen.size} of ${rows.length} workloads`;
  }

  function change(part) {
    state = { ...state, ...part };
    const said = Object.entries(state).filter(([key, value]) => value !== start[key]);
    history.replaceState(null, "", `#${new URLSearchParams(said)}`);
    apply();
  }

  function read() {
    const hash = location.hash.slice(1);
    const target = hash && document.getElementById(hash);
    if (target && target.matches("details")) { target.open = true; target.scrollIntoView(); return; }
    const said = Object.fromEntries([...new URLSearchParams(hash)].filter(([key]) => Object.hasOwn(start, key)));
    state = { ...start, ...said };
    if (!heads.some((head) => head.dataset.by === state.sort.split("~")[0])) state.sort = "";
    for (const field of fields) {
      field.value = state[field.dataset.state];
      if (field.value !== state[field.dataset.state]) field.value = state[field.dataset.state] = start[field.dataset.state];
    }
    apply();
  }

  for (const field of fields) field.addEventListener("input", () => change({ [field.dataset.state]: field.value }));
  for (const button of onlys) button.addEventListener("click", () => {
    const id = button.dataset.only;
    change({ only: id === "all" || id === state.only ? "" : id });
  });
  for (const box of withs) box.addEventListener("change", () =>
    change({ only: withs.filter((b) => b.checked).map((b) => b.dataset.with).join(" ") }));
  for (const box of hides) box.addEventListener("change", () =>
    change({ hide: hides.filter((b) => !b.checked).map((b) => b.dataset.hide).join(" ") }));
  for (const head of heads) head.querySelector("button").addEventListener("click", () => {
    const by = head.dataset.by, next = { "": `${by}~up`, [`${by}~up`]: `${by}~down`, [`${by}~down`]: "" }[state.sort];
    change({ sort: next === undefined ? `${by}~up` : next });
  });
  addEventListener("hashchange", read);

  // The downloads are packed; a browser that can unpacks them on their way out.
  async function unpacked(link) {
    const bytes = Uint8Array.from(atob(link.href.split(",")[1]), (letter) => letter.charCodeAt(0));
    const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const plain = document.createElement("a");
    plain.download = link.download.replace(/\.gz$/, "");
    plain.href = URL.createObjectURL(await new Response(text).blob());
    plain.click();
    setTimeout(() => URL.revokeObjectURL(plain.href), 60_000);
  }
  for (const link of all("a[download]")) link.addEventListener("click", (event) => {
    if (typeof DecompressionStream === "undefined") return;
    event.preventDefault();
    unpacked(link);
  });
  document.getElementById("controls").hidden = false;
  read();
})();
