import type { Machine } from '../../vm/machine.ts'
import { type WebServer, type WebServerOptions, webServer } from './web-server.ts'

/** What a lab takes for granted, started in the guest's engine. Undo it by its name: ``defer`docker rm -f web` ``. */
export interface Fixtures {
  /** A web server that answers. */
  webServer(name: string, options?: WebServerOptions): Promise<WebServer>
}

/** The fixtures on a machine that may come up only later. */
export function bindFixtures(machine: () => Machine): Fixtures {
  return { webServer: (name, options) => webServer(machine(), name, options) }
}
