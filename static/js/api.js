// The page of the API. What is tried out there is sent with the session of the person who
// reads it, unless a token was typed, and so with the proof that a page of ours sends it.

const place = document.querySelector("[data-api]");
const root = document.documentElement;

// Swagger UI has a class of its own for what our pages say by an attribute.
const look = () => root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
new MutationObserver(look).observe(root, { attributeFilter: ["data-bs-theme"] });
look();

window.SwaggerUIBundle({
  url: place.dataset.api,
  domNode: place,
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (new URL(request.url, location.href).origin === location.origin)
      request.headers["X-CSRFToken"] = place.dataset.csrf;
    return request;
  },
});
