# The command that makes a secret in the present folder, unless it is there: 24 random bytes, more than
# anybody can guess, and as base64 32 characters without padding; written whole or not at all.
name:
"test -s ${name} || { head -c 24 /dev/urandom | base64 -w 0 >.${name} && mv .${name} ${name}; }"
