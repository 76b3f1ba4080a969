// Uploads a file with tus-js-client as it is published: node tus_client.mjs ENDPOINT FILE EPOCH; prints the address.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { Upload } = createRequire(`${process.cwd()}/`)("tus-js-client");
const [endpoint, file, epoch] = process.argv.slice(2);

const upload = new Upload(readFileSync(file), {
  endpoint,
  headers: { "Intake-Epoch": epoch },
  chunkSize: 1 << 20,
  retryDelays: [0, 100],
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess: () => console.log(upload.url),
});
upload.start();
