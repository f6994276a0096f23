// expect-load: invalid_export threw
});
throw 1;
(function () {
