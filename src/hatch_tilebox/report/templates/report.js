"use strict";
// Composes the commands of the forms, and opens all details for printing. It creates no markup: it only sets text.
(() => {
  const tasks = JSON.parse(document.getElementById("tasks").textContent);
  const plain = /^[A-Za-z0-9@%+=:,./_-]+$/;
  const quote = (word) => (plain.test(word) ? word : "'" + word.replaceAll("'", "'\"'\"'") + "'");
  const numbers = { integer: /^-?(0|[1-9]\d*)$/, number: /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/ };

  // The JSON text of a field, or undefined for a field that is left out. Numbers keep their digits.
  const read = (field) => {
    const raw = document.getElementById(field.id).value;
    if (raw === "") {
      if (field.required && field.nullable) return "null";
      if (field.required) throw new Error(`${field.label} is missing`);
      return undefined;
    }
    if (field.kind === "text") return JSON.stringify(raw);
    if (numbers[field.kind] && !numbers[field.kind].test(raw)) throw new Error(`${field.label} is not a valid ${field.kind}`);
    if (field.kind === "json") {
      try {
        JSON.parse(raw);
      } catch {
        throw new Error(`${field.label} is not valid JSON`);
      }
    }
    return raw.trim();
  };

  const compose = (task) => {
    const words = [...task.command];
    const values = task.fields.filter((field) => field.kind !== "option").map((field) => [field.name, read(field)]);
    const given = values.filter(([, value]) => value !== undefined);
    if (task.shape === "object") {
      words.push("--input", "{" + given.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(", ") + "}");
    } else if (given.length) {
      words.push("--input", given[0][1]);
    }
    for (const field of task.fields.filter((field) => field.kind === "option")) {
      const value = read({ ...field, kind: "text" });
      if (value !== undefined) words.push(field.name, JSON.parse(value));
    }
    return words.map(quote).join(" ");
  };

  for (const task of tasks) {
    const form = document.getElementById(task.form);
    const output = form.querySelector("output");
    const fault = form.querySelector(".fault");
    const button = form.querySelector("button");
    const update = () => {
      try {
        const command = compose(task);
        if (output.textContent !== command) output.textContent = command;
        fault.textContent = "";
        button.disabled = false;
      } catch (error) {
        fault.textContent = error.message;
        button.disabled = true;
      }
    };
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    if (navigator.clipboard) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(output.textContent);
          button.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(output);
        }
        setTimeout(() => (button.textContent = "Copy"), 2000);
      });
    }
  }

  const opened = [];
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details:not([open])")) {
      part.open = true;
      opened.push(part);
    }
  });
  addEventListener("afterprint", () => {
    for (const part of opened.splice(0)) part.open = false;
  });
})();
