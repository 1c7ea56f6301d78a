//! Service descriptions (UPnP Device Architecture 2.0, 2.5): the actions of a service and what each of their arguments
//! may be. Knows no transport, and calls nothing.

use super::description::MAX_TEXT;
use super::xml::{self, Node, XmlError};
use crate::model::device_tree::{ActionSpec, Argument, Direction};
use std::collections::BTreeMap;

/// Actions kept of one service; the largest known (a television's ContentDirectory) has 38.
pub const MAX_ACTIONS: usize = 256;
/// Arguments kept of one action; the largest known has 19.
pub const MAX_ARGUMENTS: usize = 64;
/// State variables kept of one service.
pub const MAX_VARIABLES: usize = 1024;
/// Allowed values kept of one state variable.
pub const MAX_ALLOWED: usize = 64;

/// Why there is nothing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScpdError {
    /// Broken before the first action.
    Broken(XmlError),
    /// XML (or nothing), but it describes no action. A service without one may say so with an empty list.
    NoAction,
}

/// What a state variable may be.
#[derive(Clone, Debug, Default)]
struct Variable {
    name: String,
    data_type: String,
    allowed: Vec<String>,
}

/// Reads a service description: its actions in document order, each argument with the data type and the allowed values
/// of the state variable that it is related to.
///
/// # Errors
/// See [`ScpdError`]. A document that breaks after its first action is a result.
pub fn parse(body: &[u8]) -> Result<Vec<ActionSpec>, ScpdError> {
    let text = xml::decode(body);
    let mut reading = Reading::default();
    let outcome = xml::walk(&text, &mut |node| match node {
        Node::Open(name) => reading.open(name),
        Node::Close(name, text) | Node::Torn(name, text) => reading.close(name, &text),
    });
    match outcome {
        Err(XmlError::Doctype) => return Err(ScpdError::Broken(XmlError::Doctype)),
        Err(error) if reading.actions.is_empty() => return Err(ScpdError::Broken(error)),
        _ if reading.actions.is_empty() && !reading.has_list => return Err(ScpdError::NoAction),
        _ => {}
    }
    let variables = reading.variables;
    let mut actions = reading.actions;
    for (argument, related) in actions.iter_mut().flat_map(|(action, related)| action.arguments.iter_mut().zip(related))
    {
        if let Some(variable) = variables.get(related.as_str()) {
            argument.data_type.clone_from(&variable.data_type);
            argument.allowed.clone_from(&variable.allowed);
        }
    }
    Ok(actions.into_iter().map(|(action, _)| action).collect())
}

#[derive(Default)]
struct Reading {
    /// Actions, each with the related state variable of every argument.
    actions: Vec<(ActionSpec, Vec<String>)>,
    variables: BTreeMap<String, Variable>,
    /// There is an `actionList`, be it empty.
    has_list: bool,
    action: Option<(ActionSpec, Vec<String>)>,
    argument: Option<(Argument, String)>,
    variable: Option<Variable>,
}

impl Reading {
    fn open(&mut self, name: &str) {
        match name {
            "actionList" => self.has_list = true,
            "action" => self.action = Some((ActionSpec::default(), Vec::new())),
            "argument" => self.argument = Some((Argument::default(), String::new())),
            "stateVariable" => self.variable = Some(Variable::default()),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) {
        match name {
            "action" => {
                if let Some(action) = self.action.take().filter(|(a, _)| !a.name.is_empty())
                    && self.actions.len() < MAX_ACTIONS
                {
                    self.actions.push(action);
                }
            }
            "argument" => {
                if let (Some((argument, related)), Some((action, all))) = (self.argument.take(), &mut self.action)
                    && !argument.name.is_empty()
                    && action.arguments.len() < MAX_ARGUMENTS
                {
                    action.arguments.push(argument);
                    all.push(related);
                }
            }
            "stateVariable" => {
                if let Some(variable) = self.variable.take()
                    && self.variables.len() < MAX_VARIABLES
                {
                    self.variables.insert(variable.name.clone(), variable);
                }
            }
            _ => self.leaf(name, clean(text)),
        }
    }

    fn leaf(&mut self, name: &str, text: String) {
        if let Some(variable) = &mut self.variable {
            match name {
                "name" if variable.name.is_empty() => variable.name = text,
                "dataType" if variable.data_type.is_empty() => variable.data_type = text,
                "allowedValue" if variable.allowed.len() < MAX_ALLOWED => variable.allowed.push(text),
                _ => {}
            }
        } else if let Some((argument, related)) = &mut self.argument {
            match name {
                "name" if argument.name.is_empty() => argument.name = text,
                "direction" if text.eq_ignore_ascii_case("out") => argument.direction = Direction::Out,
                "relatedStateVariable" if related.is_empty() => *related = text,
                _ => {}
            }
        } else if let Some((action, _)) = &mut self.action
            && name == "name"
            && action.name.is_empty()
        {
            action.name = text;
        }
    }
}

fn clean(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCPD: &str = "<?xml version='1.0'?><scpd xmlns='urn:schemas-upnp-org:service-1-0'><actionList>
<action><name>DeletePortMapping</name><argumentList>
<argument><name> NewExternalPort </name><direction>in</direction><relatedStateVariable>ExternalPort</relatedStateVariable></argument>
<argument><name>NewProtocol</name><direction>IN</direction><relatedStateVariable>Proto</relatedStateVariable></argument>
</argumentList></action>
<action><name>GetX</name><argumentList><argument><name>X</name><direction>out</direction><retval/></argument></argumentList></action>
<action><name></name></action>
</actionList><serviceStateTable>
<stateVariable sendEvents='no'><name>ExternalPort</name><dataType>ui2</dataType></stateVariable>
<stateVariable><name>Proto</name><dataType>string</dataType><allowedValueList><allowedValue>TCP</allowedValue><allowedValue>UDP</allowedValue></allowedValueList></stateVariable>
</serviceStateTable></scpd>";

    #[test]
    fn actions_with_what_their_arguments_may_be() {
        let actions = parse(SCPD.as_bytes()).expect("a description");
        assert_eq!(actions.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["DeletePortMapping", "GetX"]);
        let [port, protocol] = actions[0].arguments.as_slice() else { panic!("{actions:?}") };
        assert_eq!(
            (port.name.as_str(), port.direction, port.data_type.as_str()),
            ("NewExternalPort", Direction::In, "ui2")
        );
        assert_eq!((protocol.direction, protocol.allowed.join("|").as_str()), (Direction::In, "TCP|UDP"));
        assert_eq!(actions[1].arguments[0].direction, Direction::Out);
    }

    #[test]
    fn broken_ones_give_what_is_whole() {
        let cut = &SCPD[..SCPD.find("<action><name>GetX").expect("there") + 30];
        assert_eq!(parse(cut.as_bytes()).expect("the first action").len(), 2, "the torn one has its name");
        assert_eq!(parse(b"<scpd><actionList/></scpd>"), Ok(Vec::new()));
        assert_eq!(parse(b"<html/>"), Err(ScpdError::NoAction));
        assert_eq!(parse(b""), Err(ScpdError::NoAction));
        assert!(matches!(parse(b"<<<"), Err(ScpdError::Broken(_))));
        assert_eq!(parse(b"<!DOCTYPE x><scpd/>"), Err(ScpdError::Broken(XmlError::Doctype)));
    }

    #[test]
    fn numbers_are_capped() {
        let many = format!(
            "<scpd><actionList>{}</actionList></scpd>",
            "<action><name>A</name></action>".repeat(MAX_ACTIONS + 3)
        );
        assert_eq!(parse(many.as_bytes()).expect("a description").len(), MAX_ACTIONS);
    }
}
