// Puts the packed, empty data folder of the embedded database into the package, so that a
// first start need not make one. `node tools/empty-cluster.ts FOLDER`
import { join, resolve } from "node:path";
import { keepEmptyCluster } from "../server/storage/empty-cluster.ts";

await keepEmptyCluster(resolve(process.argv[2] ?? join(import.meta.dirname, "../dist/server/storage")));
