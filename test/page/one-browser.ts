// One Chromium for all files of this ring: starting it costs more than many of the tests.
// Where there is none, each file says so, and only this ring fails.
import type { TestProject } from "vitest/node";
import { type SharedBrowser, noBrowser, startBrowser } from "../support/browser.ts";

declare module "vitest" {
  interface ProvidedContext {
    browser: SharedBrowser;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (noBrowser) return () => Promise.resolve();
  try {
    const browser = await startBrowser();
    project.provide("browser", { endpoint: browser.wsEndpoint() });
    return () => browser.close();
  } catch (cause) {
    project.provide("browser", { problem: (cause as Error).message });
    return () => Promise.resolve();
  }
}
