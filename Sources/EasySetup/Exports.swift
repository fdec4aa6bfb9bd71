// An app needs only `import EasySetup`, because this module also exports four others. EasySetupHandshake has codes,
// links, addresses and device names; EasySetupPairingSession has states, questions, errors and limits;
// EasySetupRelayProtocol has the relay's message; EasySetupSeed has seeds and user IDs. A typealias for each type is not enough, because with MemberImportVisibility the members of a
// type are visible only where the type's own module is imported. Swift has no official attribute yet for a module that
// re-exports another (SE-0409, "Future directions").
@_exported public import EasySetupHandshake
@_exported public import EasySetupPairingSession
@_exported public import EasySetupRelayProtocol
@_exported public import EasySetupSeed
