// Maps (components/map.html): shown, and their background asked for, only when somebody presses the button.
// Everything here is also in words on the page; a point can also be typed into its fields.

const given = document.currentScript.dataset;
const CLOSE = 16;
let bringing;

// Leaflet and its clusters come once, with the first map.
function bringLeaflet() {
  const bring = (tag, what) => new Promise((onload, onerror) => {
    document.head.append(Object.assign(document.createElement(tag), what, { onload, onerror }));
  });
  bringing ??= Promise.all([
    bring("link", { rel: "stylesheet", href: given.style }), bring("script", { src: given.leaflet })]);
  return bringing;
}

function drawMap(place, bounds) {
  place.hidden = false;
  const map = L.map(place, { maxZoom: 19 });
  if (bounds?.isValid()) map.fitBounds(bounds, { maxZoom: CLOSE, paddingTopLeft: [15, 45], paddingBottomRight: [15, 0] }); // Pins stand on their points.
  else map.setView(given.centre.split(","), 12);
  map.attributionControl.setPrefix(false);
  if (given.tiles) {
    const attribution = '© <a href="https://www.openstreetmap.org/copyright" rel="noreferrer">OpenStreetMap</a>';
    L.tileLayer(given.tiles, { attribution, maxZoom: 19, referrerPolicy: "origin" }).addTo(map);
  }
  return map;
}

function pin(at, title, options = {}) {
  const icon = L.divIcon({ className: "app-pin", iconSize: [30, 40], iconAnchor: [15, 40] });
  const marker = L.marker(at, { icon, title, ...options });
  marker.on("add", () => marker.getElement().setAttribute("aria-label", title));
  return marker;
}

function showMap(holder) {
  const [button, place] = holder.querySelectorAll("button, .app-map");
  button.parentElement.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    const { url, points } = holder.dataset;
    try {
      const [rows] = await Promise.all([url ? fetch(url).then((answer) => answer.json()) : JSON.parse(points), bringLeaflet()]);
      const map = drawMap(place, L.latLngBounds(rows.map(([latitude, longitude]) => [latitude, longitude])));
      const cluster = (group) => L.divIcon({ className: "app-cluster", html: String(group.getChildCount()), iconSize: [44, 44] });
      const all = L.markerClusterGroup({ iconCreateFunction: cluster, showCoverageOnHover: false });
      for (const [latitude, longitude, title, address] of rows) {
        const marker = pin([latitude, longitude], title).addTo(all);
        if (!address) continue;
        const link = Object.assign(document.createElement("a"), { className: "govuk-link", href: address, textContent: title });
        marker.bindPopup(link);
      }
      map.addLayer(all);
      button.remove();
      place.focus();
    } catch {
      button.disabled = false; // Out of reach for a moment: the next click may find it.
    }
  });
}

function pickPoint(holder) {
  const fields = ["latField", "lonField"].map((name) => document.getElementById(holder.dataset[name]));
  const place = holder.querySelector(".app-map");
  const shown = place.parentElement;
  const button = shown.parentElement.querySelector("button");
  shown.parentElement.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await bringLeaflet();
    } catch {
      return;
    }
    button.remove();
    shown.hidden = false;
    const map = drawMap(place);
    let marker;
    const mark = (at) => {
      marker ??= pin(at, place.getAttribute("aria-label"), { draggable: true, keyboard: false }).addTo(map)
        .on("dragend", () => take(marker.getLatLng()));
      marker.setLatLng(at);
    };
    const take = ({ lat, lng }) => {
      mark([lat, lng]);
      [lat, lng].forEach((degrees, at) => {
        fields[at].value = degrees.toFixed(5).replace(".", ",");
        fields[at].dispatchEvent(new Event("input", { bubbles: true }));
      });
    };
    const typed = fields.map(({ value }) => Number.parseFloat(value.replace(",", ".")));
    if (typed.every(Number.isFinite)) {
      map.setView(typed, CLOSE);
      mark(typed);
    }
    map.on("click", ({ latlng }) => take(latlng));
    shown.querySelector("[data-map-middle]").addEventListener("click", () => take(map.getCenter()));
    place.focus();
  });
}

document.querySelectorAll("[data-map]").forEach(showMap);
document.querySelectorAll("[data-map-pick]").forEach(pickPoint);
