// Renews the page in place when a verdict changes, and every five seconds for the numbers.
(function () {
  "use strict";
  var busy = false;
  function renew() {
    if (busy || document.hidden) return;
    busy = true;
    fetch("/", { cache: "no-store" }).then(function (reply) { return reply.text(); }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, "text/html");
      var now = document.getElementById("live"), next = fresh.getElementById("live");
      if (now && next && now.innerHTML !== next.innerHTML) now.replaceWith(next);
      document.title = fresh.title;
    }).catch(function () { document.title = "No connection · stormglass"; }).finally(function () { busy = false; });
  }
  var events = new EventSource("/api/v1/events");
  ["storm", "port_mapping"].forEach(function (name) { events.addEventListener(name, renew); });
  setInterval(renew, 5000);
  document.addEventListener("visibilitychange", renew);
})();
