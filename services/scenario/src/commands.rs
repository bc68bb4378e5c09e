//! What each command does.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::args::{Args, Command};
use crate::catalogue;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::scenario::Scenario;
use crate::services::{Service, Services};
use crate::{stock, systemd};

/// Carries a command out, and answers what there is to say of it.
pub(crate) async fn run(args: &Args) -> Result<String, Failure> {
    let services = Services::new(args.addresses.resolve());
    let folder = || Folder::look(&args.faults_folder());
    match &args.command {
        Command::List => Ok(list(folder().ok().as_ref())),
        Command::Show { name } => Ok(catalogue::page(name).unwrap_or_default().to_owned()),
        Command::Start { name } => start(&known(name), &folder()?, &services).await,
        Command::Stop { name: Some(name) } => stop(&known(name), &folder()?, &services).await,
        Command::Stop { name: None } => stop_all(&folder()?, &services).await,
        Command::Status => Ok(status(&services).await),
    }
}

fn known(name: &str) -> Scenario {
    catalogue::find(name).expect("the command line takes no other")
}

fn list(folder: Option<&Folder>) -> String {
    let width = catalogue::names().map(str::len).into_iter().max();
    let width = width.unwrap_or_default();
    catalogue::all().fold(String::new(), |mut text, scenario| {
        let on = folder.is_some_and(|folder| is_on(&scenario, folder));
        let mark = if on { "on " } else { "off" };
        let _ = writeln!(text, "{mark}  {:width$}  {}", scenario.name, scenario.title);
        text
    })
}

fn is_on(scenario: &Scenario, folder: &Folder) -> bool {
    let name = scenario.fault_name();
    let mut services = scenario.faults.keys();
    services.any(|service| {
        let faults = folder.faults(*service);
        faults.is_ok_and(|faults| faults.get(&name).is_some())
    })
}

async fn start(
    scenario: &Scenario,
    folder: &Folder,
    services: &Services,
) -> Result<String, Failure> {
    let name = &scenario.name;
    if is_on(scenario, folder) {
        return Ok(format!(
            "{name} is on already; scenario stop {name} switches it off\n"
        ));
    }
    if !scenario.systemd.start.is_empty() && !systemd::runs_the_shop() {
        return Err(Failure::NoSystemd(name.clone()));
    }
    if let Err(failure) = switch_on(scenario, folder, services).await {
        // What was begun is undone, as far as that goes; the first failure is the one to tell.
        let _ = systemd::run(&scenario.systemd.stop);
        let _ = restore_stock(scenario, folder, services).await;
        let _ = silence(scenario, folder, services).await;
        return Err(failure);
    }
    Ok(format!(
        "{name} is on: {}\nHow to find it: scenario show {name}\nAnd off again:  scenario stop {name}\n",
        scenario.does
    ))
}

/// First what tells of it, and last what systemd does: a service that is stopped says nothing.
async fn switch_on(
    scenario: &Scenario,
    folder: &Folder,
    services: &Services,
) -> Result<(), Failure> {
    let name = scenario.fault_name();
    for (service, fault) in &scenario.faults {
        folder.add(*service, name.clone(), fault.clone())?;
    }
    for service in scenario.faults.keys() {
        services.wait(*service, name.as_str(), true, folder).await?;
    }
    let mut before = BTreeMap::new();
    for product in scenario.stock.keys() {
        before.insert(product.clone(), stock::level(services, product).await?);
    }
    if !before.is_empty() {
        folder.remember_stock(&name, &before)?;
    }
    for (product, quantity) in &scenario.stock {
        stock::set(services, product, *quantity).await?;
    }
    systemd::run(&scenario.systemd.start)
}

async fn stop(
    scenario: &Scenario,
    folder: &Folder,
    services: &Services,
) -> Result<String, Failure> {
    let was_on = is_on(scenario, folder);
    if was_on {
        switch_off(scenario, folder, services).await?;
    }
    let said = if was_on { "off" } else { "not on" };
    Ok(format!("{} is {said}\n", scenario.name))
}

/// In the reverse order. What tells of it goes last: should a step fail, the scenario is still on.
async fn switch_off(
    scenario: &Scenario,
    folder: &Folder,
    services: &Services,
) -> Result<(), Failure> {
    systemd::run(&scenario.systemd.stop)?;
    restore_stock(scenario, folder, services).await?;
    silence(scenario, folder, services).await
}

async fn restore_stock(
    scenario: &Scenario,
    folder: &Folder,
    services: &Services,
) -> Result<(), Failure> {
    let name = scenario.fault_name();
    for (product, quantity) in folder.stock_before(&name).unwrap_or_default() {
        stock::set(services, &product, quantity).await?;
    }
    folder.forget_stock(&name)
}

/// Takes the faults out of the files, and waits until the services say that they are off.
async fn silence(scenario: &Scenario, folder: &Folder, services: &Services) -> Result<(), Failure> {
    let name = scenario.fault_name();
    for service in scenario.faults.keys() {
        folder.remove(*service, &name)?;
    }
    for service in scenario.faults.keys() {
        services
            .wait(*service, name.as_str(), false, folder)
            .await?;
    }
    Ok(())
}

async fn stop_all(folder: &Folder, services: &Services) -> Result<String, Failure> {
    let mut text = String::new();
    for scenario in catalogue::all().filter(|scenario| is_on(scenario, folder)) {
        text += &stop(&scenario, folder, services).await?;
    }
    if text.is_empty() {
        text += "no scenario was on\n";
    }
    Ok(text)
}

async fn status(services: &Services) -> String {
    let mut text = String::new();
    for service in Service::ALL {
        let said = match services.active(service).await {
            Ok(active) if active.is_empty() => "no fault is on".to_owned(),
            Ok(active) => active.into_iter().collect::<Vec<_>>().join(", "),
            Err(failure) => format!("cannot be asked: {failure}"),
        };
        let _ = writeln!(text, "{:17}  {said}", service.to_string());
    }
    text
}
