// Renews the page in place when a verdict changes, and every five seconds for the numbers.
(function () {
  "use strict";
  var busy = false;
  // What stands there is old now, and must not be read as the present.
  function lost() {
    document.title = "No connection · stormglass";
    var state = document.querySelector(".state"), word = document.querySelector(".state .word");
    if (state) state.className = "state blind";
    if (word) word.textContent = "No connection to stormglass; what follows is the last that was seen";
  }
  function renew() {
    if (busy || document.hidden) return;
    busy = true;
    fetch("/", { cache: "no-store" }).then(function (reply) {
      if (!reply.ok) throw new Error(reply.status);
      return reply.text();
    }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, "text/html");
      var now = document.getElementById("live"), next = fresh.getElementById("live");
      if (now && next && now.innerHTML !== next.innerHTML) now.replaceWith(next);
      document.title = fresh.title;
    }).catch(lost).finally(function () { busy = false; });
  }
  var events = new EventSource("/api/v1/events");
  ["storm", "port_mapping"].forEach(function (name) { events.addEventListener(name, renew); });
  setInterval(renew, 5000);
  document.addEventListener("visibilitychange", renew);
})();
