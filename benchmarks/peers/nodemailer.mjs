// nodemailer with a pool: `node nodemailer.mjs MAILS PORT SESSIONS`. MAILS is a JSON file of rendered mails; the seconds that
// all of them took are printed.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const nodemailer = createRequire(`${process.cwd()}/`)("nodemailer");
const [file, port, sessions] = process.argv.slice(2);
const { sender, mails } = JSON.parse(readFileSync(file, "utf8"));
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  pool: true,
  maxConnections: Number(sessions),
  maxMessages: Infinity,
  ignoreTLS: true,
});

const started = process.hrtime.bigint();
let next = 0;
const work = async () => {
  while (next < mails.length) await transport.sendMail({ from: sender, ...mails[next++] });
};
await Promise.all(Array.from({ length: 4 * Number(sessions) }, work));
console.log(Number(process.hrtime.bigint() - started) / 1e9);
transport.close();
