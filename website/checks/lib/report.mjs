/** Counts what was checked, and says what was wrong. */

export class Report {
  /** @param {string} name of what is checked, for its last line. */
  constructor(name) {
    this.name = name;
    this.passed = 0;
    this.failures = [];
    this.started = Date.now();
  }

  /** One check: `complaints` is empty if it passed. */
  add(what, complaints) {
    if (complaints.length === 0) this.passed += 1;
    else this.failures.push(`${what}\n${complaints.map((line) => `    ${line}`).join('\n')}`);
  }

  /** Prints everything; the exit code is 1 if anything was wrong. */
  finish() {
    for (const failure of this.failures) console.log(`FAIL ${failure}`);
    const seconds = ((Date.now() - this.started) / 1000).toFixed(0);
    console.log(`${this.name}: ${this.passed} passed, ${this.failures.length} failed (${seconds} s)`);
    process.exitCode = this.failures.length || this.passed === 0 ? 1 : 0;
  }
}
