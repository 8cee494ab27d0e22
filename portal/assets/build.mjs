// Builds what browsers get (`npm run build`): ./scss, ./js and Lato from node_modules go into ../static/build.
// The PDFs of the panel are written with .woff files, and with Carlito, drawn after Lato, for names in Cyrillic.

import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "sass";

const assets = dirname(fileURLToPath(import.meta.url));
const modules = join(assets, "../../node_modules");
const fonts = join(modules, "@fontsource");
const build = join(assets, "../static/build");
const fresh = `${build}.new`;
const options = { style: "compressed", loadPaths: [modules], quietDeps: true };

rmSync(fresh, { recursive: true, force: true });
mkdirSync(join(fresh, "fonts"), { recursive: true });

for (const sheet of ["portal", "admin"]) {
  writeFileSync(join(fresh, `${sheet}.css`), compile(join(assets, `scss/${sheet}.scss`), options).css);
}
for (const script of readdirSync(join(assets, "js"))) {
  copyFileSync(join(assets, "js", script), join(fresh, script));
}
for (const [family, subset, kinds] of [["lato", "latin", ["woff2", "woff"]], ["lato", "latin-ext", ["woff2", "woff"]],
  ["carlito", "cyrillic", ["woff"]]]) {
  for (const weight of [400, 700]) {
    for (const kind of kinds) {
      const name = `${family}-${subset}-${weight}`;
      copyFileSync(join(fonts, family, "files", `${name}-normal.${kind}`), join(fresh, "fonts", `${name}.${kind}`));
    }
  }
}

// The folder is exchanged whole, so that a running server never sees half a build.
rmSync(build, { recursive: true, force: true });
renameSync(fresh, build);
