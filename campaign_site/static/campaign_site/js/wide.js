/** A list broader than its place scrolls sideways. Only then: the header of one that scrolls can't stay in sight. */

export function start() {
  const lists = document.querySelectorAll(".results");
  if (!lists.length) return;
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) target.classList.toggle("wide", isTooBroad(target));
  });
  for (const list of lists) watch.observe(list);
}

function isTooBroad(list) {
  return list.firstElementChild.scrollWidth > list.clientWidth;
}
