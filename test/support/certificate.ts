/** A certificate of its own making for origin.test and names below it, and its key: for servers of tests alone. */

export const originCertificate = `-----BEGIN CERTIFICATE-----
MIIBqjCCAVCgAwIBAgIUEpjpImdWqNhMytraBEJQxjPkaH8wCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLb3JpZ2luLnRlc3QwIBcNMjYxMTIxMDY0NTEwWhgPMjEyNjEw
MjgwNjQ1MTBaMBYxFDASBgNVBAMMC29yaWdpbi50ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEyDmhhb0P+bKfzzuKdfeKOJaGmuiaFjfPgnLCnzfTb5hBO3MA
wX1Y9qZwqXEycLqSscvhj2b4ZOFQJr2qDHCn86N6MHgwHQYDVR0OBBYEFJHiEZ0n
WxTvsXKasaNvuc1M0oPRMB8GA1UdIwQYMBaAFJHiEZ0nWxTvsXKasaNvuc1M0oPR
MA8GA1UdEwEB/wQFMAMBAf8wJQYDVR0RBB4wHIILb3JpZ2luLnRlc3SCDSoub3Jp
Z2luLnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIgK7ueCYuKjwuRhLAh/MWmDTVr/12L
ibboYzov1kc+A7ICIQCf+legiCESUcWFpwssU1FukpI4MLLCu5f5u8rJKqslMA==
-----END CERTIFICATE-----`;

export const originKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcnnYwL6YA2PwFOck
x683gks6WjtfYWhUgNIBY3R1Zz+hRANCAATIOaGFvQ/5sp/PO4p194o4loaa6JoW
N8+CcsKfN9NvmEE7cwDBfVj2pnCpcTJwupKxy+GPZvhk4VAmvaoMcKfz
-----END PRIVATE KEY-----`;
