// `import EasySetup` also exports the two modules from which the client's types come: codes, links, addresses and
// device names from one, seeds and user IDs from the other. A typealias for each type is not enough, because with
// MemberImportVisibility the members of a type are visible only where the type's own module is imported; and Swift has
// no official attribute yet for a module that re-exports another (SE-0409, "Future directions").
@_exported public import EasySetupHandshake
@_exported public import EasySetupSeed
