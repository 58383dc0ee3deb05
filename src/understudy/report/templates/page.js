"use strict";
// Comfort only: the page is complete without it.
(function () {
  function reveal() {
    var id = decodeURIComponent(location.hash.slice(1));
    var node = id && document.getElementById(id);
    if (!node) return;
    for (var up = node; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    node.scrollIntoView({ block: "center" });
  }
  function button(label, action) {
    var made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", function () { action(made); });
    return made;
  }
  function copy(text, made) {
    if (!navigator.clipboard) { made.textContent = "select and copy"; return; }
    navigator.clipboard.writeText(text).then(
      function () { made.textContent = "copied"; },
      function () { made.textContent = "select and copy"; });
  }
  document.querySelectorAll("[data-copy]").forEach(function (node) {
    node.after(button("copy", function (made) { copy(node.textContent, made); }));
  });
  document.querySelectorAll("[data-unfold]").forEach(function (node) {
    node.append(button("open all", function (made) {
      var open = made.textContent === "open all";
      node.parentElement.querySelectorAll(".messages details").forEach(function (each) { each.open = open; });
      made.textContent = open ? "close all" : "open all";
    }));
  });
  window.addEventListener("hashchange", reveal);
  reveal();
})();
