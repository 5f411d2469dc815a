"use strict";
// Enhances a page that is whole without it: sort, filter, switch the figure, hide a provenance. State lives in the hash.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const table = document.getElementById("matrix"), body = table.tBodies[0], rows = [...body.rows];
  const heads = all("thead th", table), fields = all("[data-state]"), hides = all("[data-hide]");
  const onlys = all("[data-only]"), misfits = document.getElementById("misfits"), found = document.getElementById("found");
  const metrics = all("[data-state=metric] option").map((o) => o.value);
  const start = { q: "", family: "", tier: "", metric: metrics[0], only: "", hide: "", sort: "" };
  let state = { ...start };

  const column = () => document.querySelector("[data-state=tier]").selectedIndex - 1;
  const cells = (row) => all("td[data-t]", row).filter((c) => !c.hidden);

  function shows(row) {
    const text = row.cells[0].textContent.toLowerCase();
    return text.includes(state.q.toLowerCase()) && (!state.family || row.dataset.family === state.family) &&
      (!state.only || cells(row).some((c) => (c.dataset.s || "").split(" ").includes(state.only)));
  }

  // Undefined sorts last both ways; figures that are equal or both missing go by memory.
  function keys(row, by) {
    if (by === "name") return [row.cells[0].textContent.toLowerCase()];
    if (by === "family") return [row.dataset.family];
    const cell = row.querySelector(`td[data-t="${by}"]`), parts = (cell.dataset.k || "").split("|");
    return [cell.dataset.k === undefined ? 1 : 0, parts[metrics.indexOf(state.metric)], parts[metrics.indexOf("memory")]]
      .map((p, i) => (i ? (p ? Number(p) : undefined) : p));
  }

  function order(a, b, by, sign) {
    const x = keys(a, by), y = keys(b, by);
    for (let i = 0; i < x.length; i++) {
      if (x[i] === y[i]) continue;
      if (x[i] === undefined) return 1;
      if (y[i] === undefined) return -1;
      return (x[i] < y[i] ? -1 : 1) * (x.length > 1 && i === 0 ? 1 : sign);
    }
    return a.dataset.row - b.dataset.row;
  }

  function apply() {
    const [by, way] = state.sort.split("~"), at = column();
    table.dataset.metric = state.metric;
    for (const cell of all("[data-t]", table)) cell.hidden = at >= 0 && cell.dataset.t !== String(at);
    const seen = new Set(rows.filter(shows).map((row) => row.dataset.row));
    for (const part of all("[data-row]")) part.hidden = !seen.has(part.dataset.row);
    const sorted = [...rows];
    sorted.sort(by ? (a, b) => order(a, b, by, way === "down" ? -1 : 1) : (a, b) => a.dataset.row - b.dataset.row);
    body.append(...sorted);
    for (const head of heads) {
      head.setAttribute("aria-sort", head.dataset.by !== by ? "none" : way === "down" ? "descending" : "ascending");
    }
    for (const box of hides) {
      box.checked = !state.hide.split(" ").includes(box.dataset.hide);
      document.body.classList.toggle(`no-${box.dataset.hide}`, !box.checked);
    }
    for (const button of onlys) button.setAttribute("aria-pressed", String(button.dataset.only === (state.only || "all")));
    misfits.checked = state.only === "does_not_fit";
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
  misfits.addEventListener("change", () => change({ only: misfits.checked ? "does_not_fit" : "" }));
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
