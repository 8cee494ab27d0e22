// Builds what browsers get (`npm run build`): ./scss, ./js, and Lato and Leaflet from node_modules go into ../static/build.
// Style sheets and scripts lie there packed, too (see cache.PackedAssets).
// The PDFs of the panel are written with .woff files, and with Carlito, drawn after Lato, for names in Cyrillic.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { compile } from "sass";

const assets = dirname(fileURLToPath(import.meta.url));
const modules = join(assets, "../../node_modules");
const fonts = join(modules, "@fontsource");
const build = join(assets, "../static/build");
const fresh = `${build}.new`;
const options = { style: "compressed", loadPaths: [modules], quietDeps: true };

rmSync(fresh, { recursive: true, force: true });
mkdirSync(join(fresh, "fonts"), { recursive: true });

for (const script of readdirSync(join(assets, "js"))) {
  copyFileSync(join(assets, "js", script), join(fresh, script));
}
const parts = ["leaflet/dist/leaflet.js", "leaflet.markercluster/dist/leaflet.markercluster.js"];
const leaflet = parts.map((part) => readFileSync(join(modules, part), "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, ""));
writeFileSync(join(fresh, "leaflet.js"), leaflet.join("\n"));
for (const [family, subset, kinds] of [["lato", "latin", ["woff2", "woff"]], ["lato", "latin-ext", ["woff2", "woff"]],
  ["carlito", "cyrillic", ["woff"]]]) {
  for (const weight of [400, 700]) {
    for (const kind of kinds) {
      const name = `${family}-${subset}-${weight}`;
      copyFileSync(join(fonts, family, "files", `${name}-normal.${kind}`), join(fresh, "fonts", `${name}.${kind}`));
    }
  }
}

// Small files travel inside the style sheet: a request of its own costs a phone more than their bytes.
const inlined = (css) => css.replace(/url\("?((?:fonts|\.\.\/images)\/[^")]+)"?\)/g, (address, path) => {
  const file = readFileSync(path.startsWith("fonts") ? join(fresh, path) : join(build, path));
  const type = path.endsWith(".svg") ? "image/svg+xml" : "font/woff2";
  return file.length < 8192 ? `url(data:${type};base64,${file.toString("base64")})` : address;
});
for (const sheet of ["portal", "admin", "leaflet"]) {
  writeFileSync(join(fresh, `${sheet}.css`), inlined(compile(join(assets, `scss/${sheet}.scss`), options).css));
}

for (const name of readdirSync(fresh).filter((file) => /\.(css|js)$/.test(file))) {
  writeFileSync(join(fresh, `${name}.gz`), gzipSync(readFileSync(join(fresh, name)), { level: 9 }));
}

// The folder is exchanged whole, so that a running server never sees half a build.
rmSync(`${build}.old`, { recursive: true, force: true });
if (existsSync(build)) renameSync(build, `${build}.old`);
renameSync(fresh, build);
rmSync(`${build}.old`, { recursive: true, force: true });
