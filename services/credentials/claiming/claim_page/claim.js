"use strict";
(() => {
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const KEPT = "saraban-claim";
  const base = location.pathname.replace(/\/claim\/?$/, "");
  const $ = (id) => document.getElementById(id);
  let claim = null; // {claim, session, holder, code_ends, key, step}
  let busy = false;
  const random = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  // The check letter of a group: as the service computes it.
  const double = (value) => (value & 16 ? (value << 1) ^ 37 : value << 1);
  const check = (letters, group) => {
    let value = group + 1;
    for (const letter of letters) value = double(value) ^ ALPHABET.indexOf(letter);
    return ALPHABET[double(value)];
  };
  const meant = (typed) =>
    typed
      .toUpperCase()
      .replace(/[๐-๙]/g, (digit) => String(digit.charCodeAt(0) - 0xe50))
      .replace(/[OIL]/g, (letter) => (letter === "O" ? "0" : "1"))
      .replace(/[^0-9A-Z]/g, "");
  const groupsOf = (letters) => letters.match(/.{1,5}/g) || [];
  const wrongGroups = (groups) =>
    groups.flatMap((group, at) => (group.length === 5 && check(group.slice(0, 4), at) !== group[4] ? [at + 1] : []));
  const thai = (text) => String(text).replace(/[0-9]/g, (digit) => String.fromCharCode(0xe50 + Number(digit)));

  const show = (step) => {
    const order = ["code", "verify", "reveal", "secret", "done"];
    for (const each of order) $(each).hidden = each !== step;
    for (const item of document.querySelectorAll("#steps li")) {
      const place = order.indexOf(item.dataset.step);
      item.className = place === order.indexOf(step) ? "now" : place < order.indexOf(step) ? "past" : "";
    }
    const field = $(step).querySelector("textarea, input, button");
    if (field) field.focus({ preventScroll: true });
    scrollTo(0, 0);
  };

  const tell = (problem) => {
    const box = $("problem");
    box.hidden = !problem;
    if (!problem) return;
    box.children[0].textContent = problem.title;
    box.children[1].textContent = problem.detail === problem.title ? "" : problem.detail;
    box.children[2].textContent = problem.hint || "";
    box.children[3].textContent = [problem.detail_en, problem.hint_en]
      .filter(Boolean).map((sentence) => sentence.replace(/\.?$/, ".")).join(" ");
    scrollTo(0, 0);
  };

  const LOST = {
    title: "ติดต่อระบบไม่ได้",
    detail: "สัญญาณอาจขาดช่วง ไม่มีสิ่งใดสูญหาย กดปุ่มเดิมอีกครั้ง",
    detail_en: "The line may be weak. Nothing is lost: press the same button again.",
  };

  // Answers the body, or throws {problem, status}. A lost answer is fetched again with the same key.
  const post = async (path, body, key) => {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    if (claim && claim.session) headers["Saraban-Claim-Session"] = claim.session;
    if (key) headers["Idempotency-Key"] = key;
    for (let attempt = 0; ; attempt += 1) {
      let answer;
      try {
        answer = await fetch(base + path, {
          method: "POST", headers, body: body ? JSON.stringify(body) : undefined,
          credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
        });
      } catch (_) {
        if (key && attempt < 4) { await new Promise((go) => setTimeout(go, 1000 << attempt)); continue; }
        throw { problem: LOST, status: 0 };
      }
      const said = await answer.json().catch(() => null);
      if (answer.ok) return said;
      if (answer.status === 503 && key && attempt < 4) { await new Promise((go) => setTimeout(go, 1000 << attempt)); continue; }
      throw { problem: said || LOST, status: answer.status };
    }
  };

  const keep = (step) => {
    claim.step = step;
    try { sessionStorage.setItem(KEPT, JSON.stringify(claim)); } catch (_) { /* a private window may have none */ }
  };
  const forget = () => {
    claim = null;
    try { sessionStorage.removeItem(KEPT); } catch (_) { /* as above */ }
  };

  const working = (work) => async (event) => {
    if (event) event.preventDefault();
    if (busy) return;
    busy = true;
    for (const button of document.querySelectorAll("button")) button.disabled = true;
    tell(null);
    try {
      await work();
    } catch (error) {
      tell(error.problem || LOST);
    } finally {
      busy = false;
      for (const button of document.querySelectorAll("button")) button.disabled = false;
    }
  };

  const checkGroups = () => {
    const letters = meant($("claim-code").value);
    const wrong = wrongGroups(groupsOf(letters));
    const line = $("groups");
    line.className = "groups" + (letters.length === 30 && !wrong.length ? " fits" : "");
    line.textContent = wrong.length ? `ตรวจกลุ่มที่ ${thai(wrong.join(", "))}`
      : letters.length === 30 ? "ครบถ้วน" : letters.length > 30 ? "เกิน ๖ กลุ่ม" : "";
    return letters.length === 30 && !wrong.length ? groupsOf(letters).join("-") : null;
  };

  const until = () => {
    const ends = new Date(claim.code_ends);
    const time = ends.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Bangkok" });
    return `${thai(time.replace(":", "."))} น.`;
  };
  const askForDigits = () => {
    document.querySelector("#verify .holder").textContent = claim.holder;
    document.querySelector("#verify .until").textContent = until();
    $("digits").value = "";
    show("verify");
  };

  const open = async () => {
    const code = checkGroups();
    if (!code) {
      $("claim-code").focus();
      throw { problem: { title: "รหัสรับสิทธิยังไม่ครบหรือพิมพ์ผิด", detail: "พิมพ์ให้ครบ ๖ กลุ่ม กลุ่มละ ๕ ตัว",
        detail_en: "Type all six groups of five." } };
    }
    claim = null;
    const opened = await post("/v1/claims", { code });
    claim = { ...opened, key: random() };
    $("claim-code").value = "";
    keep("verify");
    askForDigits();
  };

  const verify = async () => {
    const digits = meant($("digits").value);
    try {
      await post(`/v1/claims/${claim.claim}/verify`, { code: digits });
    } catch (error) {
      $("digits").value = "";
      if (error.status === 410 || error.status === 429) { forget(); show("code"); }
      throw error;
    }
    keep("reveal");
    show("reveal");
  };

  const reveal = async () => {
    const secret = await post(`/v1/claims/${claim.claim}/reveal`, null, claim.key);
    keep("reveal"); // the same key fetches it again for two minutes, should this page be lost
    $("username").textContent = secret.username;
    $("password").textContent = secret.password;
    $("must-change").hidden = !secret.must_change;
    show("secret");
  };

  const confirm = async () => {
    await post(`/v1/claims/${claim.claim}/confirm`, null, `confirm-${claim.key}`);
    $("username").textContent = $("password").textContent = "";
    forget();
    show("done");
  };

  const copy = (name) => async (event) => {
    await navigator.clipboard.writeText($(name).textContent);
    event.target.textContent = "คัดลอกแล้ว";
  };

  const again = () => { forget(); tell(null); show("code"); };

  $("code").firstElementChild.addEventListener("submit", working(open));
  $("verify").firstElementChild.addEventListener("submit", working(verify));
  $("claim-code").addEventListener("input", checkGroups);
  document.querySelector("[data-do=again]").addEventListener("click", again);
  document.querySelector("[data-do=reveal]").addEventListener("click", working(reveal));
  document.querySelector("[data-do=confirm]").addEventListener("click", working(confirm));
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (navigator.clipboard) button.addEventListener("click", copy(button.dataset.copy));
    else button.hidden = true;
  }
  addEventListener("beforeunload", (event) => { if (!$("secret").hidden) event.preventDefault(); });

  // The code stands in the fragment: taken out of the address at once, and nothing is asked until somebody presses.
  const scanned = decodeURIComponent(location.hash.slice(1));
  if (location.hash) history.replaceState(null, "", location.pathname);
  try { claim = JSON.parse(sessionStorage.getItem(KEPT)); } catch (_) { claim = null; }
  if (scanned || !claim) {
    forget();
    show("code");
    $("claim-code").value = groupsOf(meant(scanned)).join("-");
    checkGroups();
  } else if (claim.step === "reveal") {
    show("reveal");
  } else {
    askForDigits();
  }
})();
