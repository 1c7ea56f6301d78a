// Renews the parts of the page as they change. Without it the page is renewed as a whole, by the browser.
(function () {
  "use strict";
  var body = document.body, state = document.getElementById("state");
  // A device's name is text in what comes here: the server has escaped it, and the policy of the page runs no script in it.
  function put(element, html) {
    // As the browser writes it: what says the same must not be read aloud again.
    var fresh = document.createElement("template");
    fresh.innerHTML = html;
    if (element.innerHTML === fresh.innerHTML) return;
    var focus = document.activeElement, id = focus && element.contains(focus) ? focus.id : "";
    var boxes = element.querySelectorAll(".scroll"), left = [];
    for (var i = 0; i < boxes.length; i++) left.push(boxes[i].scrollLeft);
    element.innerHTML = html;
    boxes = element.querySelectorAll(".scroll");
    for (i = 0; i < boxes.length && i < left.length; i++) boxes[i].scrollLeft = left[i];
    if (id && document.getElementById(id)) document.getElementById(id).focus();
  }
  function apply(part) {
    var element = document.getElementById(part.id);
    if (!element) return;
    put(element, part.html);
    element.className = part.class;
    if (part.id === "word") {
      state.className = "state " + part.class;
      document.title = element.textContent + " · stormglass";
    }
  }
  // What stands there is old now, and must not be read as the present.
  function lost() {
    apply({ id: "word", class: "blind", html: "" });
    document.getElementById("word").textContent = body.dataset.lost;
    document.title = body.dataset.lost + " · stormglass";
  }
  var source, silent;
  // The server says something at least every 15 s; a connection that died without a word is noticed by that.
  function alive() {
    clearTimeout(silent);
    silent = setTimeout(function () { lost(); connect(); }, 40000);
  }
  function connect() {
    if (source) source.close();
    source = new EventSource("/events?lang=" + document.documentElement.lang);
    source.addEventListener("part", function (event) { alive(); apply(JSON.parse(event.data)); });
    source.addEventListener("alive", alive);
    source.onerror = function () {
      lost();
      // Refused for good (too many readers, or restarted): the browser does not try again by itself.
      if (source.readyState === 2) { clearTimeout(silent); silent = setTimeout(connect, 5000); }
    };
    alive();
  }
  connect();
})();
