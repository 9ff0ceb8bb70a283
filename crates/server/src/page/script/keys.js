// What the keyboard does on every page: `/` leads to the box for a question. Every page does without any script.
'use strict';

document.documentElement.classList.add('scripted');

/** Whether a key belongs to what is being typed, or to the browser. */
function isTyping(event) {
  const field = event.target.closest('input, textarea, select, [contenteditable]');
  return event.ctrlKey || event.metaKey || event.altKey || event.isComposing || field !== null;
}

document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || isTyping(event)) return;
  const box = document.getElementById('question');
  if (box === null) return;
  event.preventDefault();
  box.focus();
  box.select();
});
