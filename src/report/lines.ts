import type { Emit, Event } from './events.ts';
import type { Redactor } from './redact.ts';
import { safeText } from './safe.ts';

/** Listens to a run and writes a line a fact: to standard error, or into the log of an Action. */
export function lineListener(write: (line: string) => void, redactor: Redactor): Emit {
  return (event) => {
    if (event.kind === 'secret') redactor.add(event.value);
    else for (const line of linesOf(event)) write(redactor.redact(safeText(line)));
  };
}

function linesOf(event: Exclude<Event, { kind: 'secret' }>): string[] {
  switch (event.kind) {
    case 'step':
      return [`${event.name} …`];
    case 'image':
      return event.state === 'resolved' || event.state === 'there'
        ? []
        : [`  ${event.state.padEnd(7)} ${event.image}${event.detail ? `  ${event.detail}` : ''}`];
    case 'warning':
      return [`warning: ${event.message}`, ...(event.cure ? [`  cure: ${event.cure}`] : [])];
    case 'note':
      return [`  ${event.message}`];
    case 'bytes':
      return [];
  }
}
