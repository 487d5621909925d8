// Bulk edit: who writes into a field means it to be changed.

for (const box of document.querySelectorAll("[data-bulk-edit] .bulk-field"))
  box.querySelector(".field").addEventListener("input", () => {
    box.querySelector('input[name^="set-"]').checked = true;
  });
