//! Which role a person has, by what the provider says of them.

use api::Role;

use crate::IssuerArgs;
use crate::claims::Claims;

/// Everybody who signs in.
const ALL: &str = "*";

/// Who has which role.
#[derive(Clone, Debug)]
pub(crate) struct Roles {
    groups_claim: String,
    operators: Vec<String>,
    customers: Vec<String>,
}

impl Roles {
    pub(crate) fn new(args: &IssuerArgs) -> Self {
        let names = |names: &[String]| {
            let names = names.iter().map(|name| name.trim().to_owned());
            names.filter(|name| !name.is_empty()).collect()
        };
        Self {
            groups_claim: args.oidc_groups_claim.clone(),
            operators: names(&args.oidc_operators),
            customers: names(&args.oidc_customers),
        }
    }

    /// The highest role of a person; none for a stranger.
    pub(crate) fn of(&self, claims: &Claims) -> Option<Role> {
        let groups = claims.texts(&self.groups_claim);
        let email = claims.verified_email();
        let is_among = |names: &[String]| {
            names.iter().any(|name| {
                name == ALL || groups.contains(&name.as_str()) || email == Some(name.as_str())
            })
        };
        if is_among(&self.operators) {
            Some(Role::Operator)
        } else if is_among(&self.customers) {
            Some(Role::Customer)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn role(operators: &[&str], customers: &[&str], claim: &str, claims: &Value) -> Option<Role> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let roles = Roles {
            groups_claim: claim.to_owned(),
            operators: owned(operators),
            customers: owned(customers),
        };
        let mut whole = json!({ "sub": "someone", "exp": 1 });
        whole
            .as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        roles.of(&serde_json::from_value(whole).unwrap())
    }

    #[test]
    fn a_role_follows_from_a_group_or_from_a_verified_address() {
        let operators = ["operator", "ann@shop.test"];
        let of = |claims: Value| role(&operators, &["customer"], "groups", &claims);
        assert_eq!(
            of(json!({ "groups": ["customer", "operator"] })),
            Some(Role::Operator)
        );
        assert_eq!(of(json!({ "groups": ["customer"] })), Some(Role::Customer));
        assert_eq!(of(json!({ "groups": "operator" })), Some(Role::Operator));
        assert_eq!(of(json!({ "groups": ["operators", 1, null] })), None);
        let ann = json!({ "email": "ann@shop.test", "email_verified": true });
        assert_eq!(of(ann), Some(Role::Operator));
        assert_eq!(
            of(json!({ "email": "ann@shop.test", "email_verified": false })),
            None
        );
        assert_eq!(of(json!({ "email": "ann@shop.test" })), None);
        assert_eq!(
            of(json!({ "groups": ["ann@shop.test"] })),
            Some(Role::Operator)
        );
        assert_eq!(of(json!({})), None);
    }

    #[test]
    fn everybody_is_a_customer_where_the_setting_says_so_and_groups_may_lie_deep() {
        let deep = json!({ "realm_access": { "roles": ["operator"] } });
        let of = |claims: Value| role(&["operator"], &["*"], "realm_access.roles", &claims);
        assert_eq!(of(deep), Some(Role::Operator));
        assert_eq!(of(json!({})), Some(Role::Customer));
        assert_eq!(of(json!({ "realm_access": [] })), Some(Role::Customer));
    }
}
