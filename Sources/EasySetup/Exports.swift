// `import EasySetup` also exports the three modules from which the client's types come: codes, links, addresses and
// device names from one, states, questions, errors and limits from another, seeds and user IDs from the third. A
// typealias for each type is not enough, because with MemberImportVisibility the members of a type are visible only
// where the type's own module is imported; and Swift has no official attribute yet for a module that re-exports another
// (SE-0409, "Future directions").
@_exported public import EasySetupHandshake
@_exported public import EasySetupPairingSession
@_exported public import EasySetupSeed
