// Filters over the tables of models: by words, most credits, and whether reference files are taken.
(function () {
  const mark = document.getElementById("model-filter");
  if (!mark) return;

  const heading = (table) => {
    let before = table.closest(".md-typeset__scrollwrap") || table;
    while (before && before.tagName !== "H2") before = before.previousElementSibling;
    return before;
  };
  const tables = [...document.querySelectorAll("article table")].filter(
    (table) => table.tHead && table.tHead.rows[0].cells[0].textContent.trim() === "Model" &&
      table.tHead.rows[0].cells[1].textContent.trim() === "Credits"
  );
  const rows = tables.flatMap((table) => {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    const title = heading(table);
    return [...table.tBodies[0].rows].map((row) => ({
      row,
      table,
      makes: title ? title.firstChild.textContent.trim() : "",
      text: row.textContent.toLowerCase(),
      credits: parseFloat(row.cells[1].textContent.replace(/[^0-9.]/g, "")),
      references: row.cells[heads.indexOf("References")].textContent.trim() !== "",
    }));
  });

  const form = document.createElement("form");
  form.className = "model-filter";
  form.setAttribute("role", "search");
  form.innerHTML =
    '<label>Find <input type="search" name="words" placeholder="name, 16:9, 4K ..."></label>' +
    '<label>Makes <select name="makes"><option value="">anything</option></select></label>' +
    '<label>Credits up to <input type="number" name="credits" min="0"></label>' +
    '<label><input type="checkbox" name="references"> takes reference files</label>' +
    '<output name="count"></output>';
  for (const makes of new Set(rows.map((entry) => entry.makes))) {
    form.elements.makes.add(new Option(makes, makes));
  }
  mark.replaceWith(form);

  const apply = () => {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const most = parseFloat(form.elements.credits.value);
    for (const entry of rows) {
      entry.row.hidden = !(
        words.every((word) => entry.text.includes(word)) &&
        (!form.elements.makes.value || entry.makes === form.elements.makes.value) &&
        (Number.isNaN(most) || entry.credits <= most) &&
        (!form.elements.references.checked || entry.references)
      );
    }
    const shown = rows.filter((entry) => !entry.row.hidden).length;
    form.elements.count.value = `${shown} of ${rows.length} models`;
    for (const table of tables) {
      const empty = rows.every((entry) => entry.table !== table || entry.row.hidden);
      (table.closest(".md-typeset__scrollwrap") || table).hidden = empty;
      const title = heading(table);
      if (title) title.hidden = empty;
    }
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
