import type { Machine } from '../../vm/machine.ts'
import { type NameServer, type NameServerOptions, nameServer } from '../outside/name-server.ts'
import { type WebServer, type WebServerOptions, webServer } from './web-server.ts'

/** What a lab takes for granted. */
export interface Fixtures {
  /** A web server that answers, in the guest's engine. Undo it by its name: ``defer`docker rm -f web` ``. */
  webServer(name: string, options?: WebServerOptions): Promise<WebServer>
  /** A name server that answers, in `outside`, with these records: `host.example.com A 192.0.2.7`. Undo it: ``defer`kill ${names.pid}` ``. */
  nameServer(records: readonly string[], options?: NameServerOptions): Promise<NameServer>
}

/** The fixtures on a machine that may come up only later. */
export function bindFixtures(machine: () => Machine): Fixtures {
  return {
    webServer: (name, options) => webServer(machine(), name, options),
    nameServer: (records, options) => nameServer(machine(), records, options),
  }
}
