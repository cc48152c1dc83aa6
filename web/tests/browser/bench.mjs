/** Rows of `benchmark` on one picture: node bench.mjs '{"url", "picture", "runtimes", "rounds"}' */

import { onPage } from "./browser.mjs";

const { url, ...job } = JSON.parse(process.argv[2]);

await onPage(url, (page) =>
  page.evaluate(async ({ picture, runtimes, rounds }) => {
    const frame = await createImageBitmap(await (await fetch(picture)).blob());
    const rows = [];
    for await (const row of globalThis.limner.benchmark({ frames: [frame], assets: "/", runtimes, rounds, patience: 600 })) rows.push(row);
    return rows;
  }, job),
);
