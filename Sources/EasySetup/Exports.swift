// `import EasySetup` gives an app all that the client's own names are made of: codes, links, addresses and names of devices from one of
// these modules, seeds and user ids from the other. A typealias for each type would not do, because with MemberImportVisibility the
// members of a type are visible only where its own module is imported; and Swift has no other word yet for a module that passes on
// another (SE-0409, "Future directions").
@_exported public import EasySetupHandshake
@_exported public import EasySetupSeed
