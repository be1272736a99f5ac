// Asks the backend below the page's own address.
const list = document.getElementById("berths");
for (const number of [1, 2, 3]) {
  const item = list.appendChild(document.createElement("li"));
  item.textContent = `Berth ${number}: …`;
  fetch(`/api/berths/${number}`)
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then((berth) => (item.textContent = `Berth ${number}: ${berth.ship ?? "free"}`))
    .catch((why) => (item.textContent = `Berth ${number}: not known (${why})`));
}
