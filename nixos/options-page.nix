# The text of OPTIONS.md: every option of the module, from module/options.nix itself. Builtins
# only: a stand-in for nixpkgs' library says of each type what it is called.
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    isAttrs
    isBool
    isList
    isString
    replaceStrings
    toJSON
    ;

  join = concatStringsSep "";
  named = description: { inherit description; };
  between =
    kind: low: high:
    named "${kind} between ${toString low} and ${toString high} (both inclusive)";

  lib = {
    literalExpression = text: { inherit text; };
    mkOption = attributes: attributes // { isOption = true; };
    mkEnableOption =
      what:
      lib.mkOption {
        type = lib.types.bool;
        default = false;
        description = "Whether to enable ${what}.";
      };
    mkPackageOption =
      _: name:
      {
        nullable ? false,
        extraDescription ? "",
        pkgsText ? "pkgs",
      }:
      lib.mkOption {
        type = (if nullable then lib.types.nullOr else (type: type)) lib.types.package;
        defaultText = lib.literalExpression "${pkgsText}.${name}";
        description = "The ${name} package to use.${
          if extraDescription == "" then "" else " ${extraDescription}"
        }";
      };
    # Only defaults ask it, and those that do are told by a text.
    meta = { };
    types = {
      attrsOf = type: named "attribute set of ${type.description}" // { options = type.options or { }; };
      bool = named "boolean";
      enum = values: named "one of ${concatStringsSep ", " (map toJSON values)}";
      json = named "JSON value";
      ints = {
        between = between "integer";
        positive = named "positive integer, meaning >0";
      };
      listOf = type: named "list of ${type.description}";
      nullOr = type: named "null or ${type.description}";
      numbers.between = between "integer or floating point number";
      package = named "package";
      path = named "absolute path";
      port = named "16 bit unsigned integer; between 0 and 65535 (both inclusive)";
      singleLineStr = named "(optionally newline-terminated) single-line string";
      str = named "string";
      submodule = { options }: named "submodule" // { inherit options; };
      strMatching = pattern: named "string matching the pattern ${pattern}";
    };
  };

  options =
    (import ./module/options.nix {
      inherit lib;
      config.services.hello-observability = { };
      pkgs = { };
    }).options;

  # A value as Nix writes it.
  shown =
    value:
    if value == null then
      "null"
    else if isAttrs value then
      shownSet value
    else if isBool value || !(isString value || isList value) then
      toJSON value
    else if isString value then
      replaceStrings [ "\${" ] [ "\\\${" ] (toJSON value)
    else if value == [ ] then
      "[ ]"
    else
      "[ ${concatStringsSep " " (map shown value)} ]";
  shownSet =
    set:
    if set == { } then
      "{ }"
    else
      "{ ${join (map (name: "${name} = ${shown set.${name}}; ") (attrNames set))}}";

  # The roles of the NixOS manual are plain code here.
  plain = replaceStrings [ "{option}`" "{file}`" ] [ "`" "`" ];

  entry =
    name: option:
    join [
      "### `${name}`\n\n"
      "${plain (trimmed option.description)}\n\n"
      "- Type: ${option.type.description}\n"
      (
        if option ? default || option ? defaultText then
          "- Default: `${if option ? defaultText then option.defaultText.text else shown option.default}`\n"
        else
          "- To be set\n"
      )
      (if option ? example then "- Example: `${shown option.example}`\n" else "")
      "\n"
    ];
  trimmed =
    text:
    let
      found = builtins.match "(.*[^\n])\n*" text;
    in
    builtins.head found;

  entries =
    name: value:
    if value ? isOption then
      [ (entry name value) ] ++ entries "${name}.<name>" (value.type.options or { })
    else
      concatMap (child: entries "${name}.${child}" value.${child}) (attrNames value);

  module = options.services.hello-observability;
  isGroup = name: !(module.${name} ? isOption);
  section =
    title: names:
    [ "## ${title}\n\n" ]
    ++ concatMap (name: entries "services.hello-observability.${name}" module.${name}) names;
in
assert isAttrs module;
join (
  [
    ''
      # Options of the module

      Every option of `services.hello-observability`. This page is made from the module, and the checks
      hold it against it; after a change of the module make it anew:

      ```console
      $ nix-instantiate --eval --json nixos/options-page.nix | jq -j . >nixos/OPTIONS.md
      ```

    ''
  ]
  ++ section "The whole" (builtins.filter (name: !isGroup name) (attrNames module))
  ++ concatMap (name: section name [ name ]) (builtins.filter isGroup (attrNames module))
)
