// What somebody typed and has not sent yet, by the name of its field; it outlives a reload.

export function remember(name, text) {
  if (text) sessionStorage.setItem(name, text);
  else sessionStorage.removeItem(name);
}

export function remembered(name) {
  return sessionStorage.getItem(name) ?? "";
}
