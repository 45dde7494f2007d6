import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { root } from '../workspace.ts';
import { type Ending, run, runLine } from './commands.ts';
import { runDemo } from './demo.ts';
import { install, installedBy } from './install.ts';
import { isRecording, writeRecording } from './recordings.ts';

/** The project of a user who follows one document from its first line to its last. */
export interface Project {
  /** Writes a file in the project. */
  write(name: string, text: string): void;
  /** Runs a command line. Files that it reads and that no earlier command wrote are created first. */
  command(line: string): Promise<Ending>;
  /** Runs a program. A named program is in the project, each other one in its own folder. */
  program(javascript: string, name: string | undefined): Promise<Ending>;
  /** Runs the program `ihandler` of the checkout. */
  ihandler(...args: readonly string[]): Promise<Ending>;
}

/** The file name in the first line of a block: `# my.yaml`, `// notify.js`. */
export function nameOf(code: string): string | undefined {
  return /^(?:#|\/\/) ([\w.-]+\.\w+)\n/.exec(code)?.[1];
}

/** Creates an empty project in a folder. */
export function createProject(folder: string): Project {
  const project = mkdtempSync(join(folder, 'project-'));
  /** The replacement of absolute paths that an example names. */
  const machine = mkdtempSync(join(folder, 'machine-'));
  const onMachine = (text: string): string =>
    text.replaceAll(/(?<![\w.-])\/(?:path\/to|var\/lib\/ihandler)\b/g, machine);
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), onMachine(text));
  };
  const provide = (line: string): void => {
    for (const word of line.split(/[\s'"<>|;&]+/)) {
      const path = resolve(project, word);
      if (isRecording(word) && !/[:=]/.test(word) && !existsSync(path)) writeRecording(path);
    }
  };
  write('package.json', '{ "type": "module" }\n');

  return {
    write,
    async command(line) {
      if (line === 'npm start') return runDemo(folder);
      const names = installedBy(line);
      if (names !== undefined) {
        install(project, names);
        return { code: 0, stdout: '', stderr: '' };
      }
      const real = onMachine(line);
      provide(real);
      return runLine(real, project);
    },
    async program(javascript, name) {
      const cwd = name === undefined ? mkdtempSync(join(project, 'run-')) : project;
      const file = join(cwd, name?.replace(/\.ts$/, '.js') ?? 'program.js');
      writeFileSync(file, javascript);
      if (!/ from ["']vitest["']/.test(javascript)) return run(process.execPath, [file], { project, cwd });
      return runLine(`npx vitest run --root '${cwd}'`, project);
    },
    ihandler: (...args) =>
      run(process.execPath, [join(root, 'apps', 'ihandler', 'dist', 'main.js'), ...args], { project }),
  };
}
