"""The pages as a French user and a French recipient see them: our words, none left in English."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

import pytest
from django.test import Client
from django.utils.translation import override

from campaign_site.demo.story import Story, tell_story
from deliveries.content import links
from deliveries.models import Delivery, DeliverySeries
from operations.models import RunLog, TaskState, WorkflowRun
from recipients.models import Service
from recipients.quarantine import AddressFailure, record_failures
from recipients.vocabulary import FailureReason
from tests.catalogue import ROOT, read_po
from tests.deliveries.factories import run_once
from tests.factories import make_recipient
from tests.tracking.factories import make_hit, make_message

pytestmark = pytest.mark.django_db

TAG = re.compile(r"<(script|style|textarea|iframe)\b.*?</\1>|<[^>]+>|<!--.*?-->", re.S)
# A language is named in itself.
SHARED = {"English"}


@pytest.fixture
def french(admin_client: Client) -> Client:
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    return admin_client


@pytest.fixture
def story(now: datetime) -> Story:
    """The operations of the demo, a quarantined address, a list and one occurrence of the series with its run."""
    # The labels that an installation gives itself are in its own language.
    with override("fr"):
        story = tell_story(now=now)
    gone = AddressFailure(
        "email", "gone@example.com", FailureReason.USER_UNKNOWN, "550 no such user", None, "Anniversaire"
    )
    record_failures(failures=[gone], now=now)
    activity = story.birthday.activities.get(type="recurring_delivery")
    delivery = run_once(activity, [make_recipient(language="fr")], now=now)
    run = WorkflowRun.objects.get(deliveries=delivery)
    RunLog.objects.create(run=run, at=now, message="…")
    run.tasks.update(state=TaskState.DONE, started_at=now, ended_at=now, outlets={"out": 1})
    make_hit(make_message(make_recipient(2), delivery=None))
    return story


def test_the_home_page_and_its_menu(french: Client, story: Story) -> None:
    text = read(french, "/admin/")

    assert_french(text, "Accueil", "Opérations", "Diffusions", "Modèles", "Destinataires", "Administration")
    assert_french(text, "Aller au contenu", "E-mails capturés", "Mon compte", "Se déconnecter")


SECTIONS = {
    "templates": ["Modèles de diffusion", "Typologies"],
    "recipients": ["Destinataires", "Quarantaine", "Filtres enregistrés", "Attributs personnalisés"],
    "administration": ["Comptes externes", "Processus", "Options"],
}


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_of_a_section(section: str, french: Client) -> None:
    assert_french(read(french, f"/admin/section/{section}/"), *SECTIONS[section])


LISTS = {
    "operations/operation": ["Libellé", "Programme", "État", "Priorité"],
    "operations/workflow": ["Libellé", "Opération", "En échec", "Début"],
    "operations/workflowrun": ["Exécution", "Ligne", "Prévue pour", "Lancée à la main"],
    "deliveries/delivery": ["Libellé", "État", "À envoyer", "Avancement", "Ouvertures humaines", "Récurrente"],
    "deliveries/deliveryseries": ["Libellé", "Opération", "Activité"],
    "deliveries/deliverytemplate": ["Objet", "Canal", "Activité"],
    "deliveries/route": ["Compte", "Canal", "En pause"],
    "deliveries/typology": ["Typologies", "Ajouter"],
    "deliveries/preparation": ["Diffusion", "État"],
    "deliveries/broadlog": ["Adresse", "Statut"],
    "tracking/trackinglog": ["Verdict", "Diffusion"],
    "recipients/recipient": ["Langue", "Code pays", "Date de naissance", "Ne plus contacter"],
    "recipients/recipientlist": ["Libellé", "Membres"],
    "recipients/service": ["Canal", "Libellé"],
    "recipients/subscriptionevent": ["Abonnement"],
    "recipients/quarantine": ["En quarantaine", "Raison de l'échec", "Utilisateur inconnu", "Sortir de quarantaine"],
    "installation/option": ["Valeur par défaut", "Combien d'opérations peuvent envoyer"],
    "installation/process": ["Processus", "Rien pour l'instant"],
}


@pytest.mark.parametrize("model", LISTS)
def test_a_list(model: str, french: Client, story: Story) -> None:
    assert_french(read(french, f"/admin/{model}/"), *LISTS[model])


FORMS = {
    "operations/operation": ["Programme", "Date de début", "Propriétaire"],
    "operations/workflow": ["Fuseau horaire", "Opération"],
    "deliveries/delivery": ["Modèle", "Cible"],
    "deliveries/deliverytemplate": ["Objet", "Contenu HTML", "Nom de l'expéditeur", "Mode de validation"],
    "deliveries/route": ["Mot de passe", "Connexions par processus"],
    "recipients/recipient": ["E-mail", "Prénom", "Téléphone mobile", "Ne plus contacter par SMS", "Profil"],
    "recipients/service": ["Canal"],
    "recipients/savedfilter": ["Libellé", "Filtre"],
    "recipients/attribute": ["Nom", "Libellé", "Type"],
}


@pytest.mark.parametrize("model", FORMS)
def test_a_form(model: str, french: Client) -> None:
    assert_french(read(french, f"/admin/{model}/add/"), *FORMS[model])


OPERATION_TABS = {
    "change": ["Messages envoyés", "Personnes touchées", "Dernières diffusions", "À décider"],
    "workflows": ["Démarrer", "Exécuter maintenant", "En édition"],
    "properties": ["Priorité", "Enregistrer"],
    "audit": ["Rien n'a encore été fait."],
}


@pytest.mark.parametrize("tab", OPERATION_TABS)
def test_a_tab_of_an_operation(tab: str, french: Client, story: Story) -> None:
    text = read(french, f"/admin/operations/operation/{story.birthday.operation_id}/{tab}/")

    assert_french(text, "Tableau de bord", "Ciblages et workflows", "Annuler l'opération…", *OPERATION_TABS[tab])


WORKFLOW_TABS = {
    "change": ["Le diagramme a besoin de JavaScript. Les autres onglets s'en passent."],
    "properties": ["Fuseau horaire", "Définition"],
    "runs": ["Prochains instants", "Prévue pour", "En cours"],
    "rehearsal": ["Répéter à blanc"],
    "versions": ["Version"],
}


@pytest.mark.parametrize("tab", WORKFLOW_TABS)
def test_a_tab_of_a_workflow(tab: str, french: Client, story: Story) -> None:
    text = read(french, f"/admin/operations/workflow/{story.birthday.pk}/{tab}/")

    assert_french(text, "Mettre en pause", "Démarrer", "Diagramme", "Exécutions", *WORKFLOW_TABS[tab])


def test_the_page_of_a_run(french: Client, story: Story) -> None:
    run = WorkflowRun.objects.get()

    assert_french(read(french, f"/admin/operations/workflowrun/{run.pk}/change/"), "Tâches", "Sorties", "Journal")


DELIVERY_TABS = {
    "change": ["Le compte", "À envoyer", "Aucun processus d'envoi (MTA) n'est en vie."],
    "content": ["Ordinateur", "Texte", "Vu par"],
    "logs": ["Destinataire", "Réponse du serveur", "Pourquoi ?"],
    "tracking": ["Liens", "Ouvertures humaines", "Règles version 1"],
    "audit": ["Audit"],
    "properties": ["Enregistrer"],
}


@pytest.mark.parametrize("tab", DELIVERY_TABS)
def test_a_tab_of_an_occurrence_says_why_it_sends_no_proof(tab: str, french: Client, story: Story) -> None:
    occurrence = Delivery.objects.get(kind="recurring")

    text = read(french, f"/admin/deliveries/delivery/{occurrence.pk}/{tab}/")

    assert_french(text, "Arrêter…", "Résumé", "Contenu", "Logs de diffusion", *DELIVERY_TABS[tab])
    assert "Aucun BAT ne peut être envoyé depuis une diffusion récurrente" in text


def test_the_question_before_a_stop(french: Client, story: Story) -> None:
    occurrence = Delivery.objects.get(kind="recurring")

    text = read(french, f"/admin/deliveries/delivery/{occurrence.pk}/do/stop/")

    assert_french(text, "Continuer l'envoi", "Cette occurrence seulement", "Toute la série")


def test_the_page_of_a_series(french: Client, story: Story) -> None:
    text = read(french, f"/admin/deliveries/deliveryseries/{DeliverySeries.objects.get().pk}/change/")

    assert_french(text, "Occurrences", "Ouvertures", "Messages")


def test_the_sink_without_mail(french: Client) -> None:
    assert_french(read(french, "/admin/sink/"), "E-mails capturés", "Accueil")


def test_a_french_recipient_unsubscribes_in_french(client: Client) -> None:
    message = make_message(make_recipient(language="fr"))
    path = path_of(links.unsubscribe_url(message.pk))

    assert_french(read(client, path), "Ne plus recevoir nos e-mails ?", "Se désinscrire")
    assert_french(text_of(client.post(path).content.decode()), "Votre désinscription est faite")


def test_a_french_recipient_chooses_in_french(client: Client) -> None:
    Service.objects.create(label="La lettre")
    message = make_message(make_recipient(language="fr-CA"))

    text = read(client, path_of(links.preferences_url(message.pk)))

    assert_french(text, "Que souhaitez-vous recevoir ?", "Enregistrer mes choix", "Tout arrêter")


def test_a_broken_link_answers_in_the_language_of_the_browser(client: Client) -> None:
    answer = client.get("/t/u/broken", headers={"accept-language": "fr"})

    assert_french(text_of(answer.content.decode()), "Ce lien ne fonctionne plus")


def read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer.headers["Content-Language"] == "fr"
    return text_of(answer.content.decode())


def path_of(url: str) -> str:
    return url[url.index("/t/") :]


def text_of(html: str) -> str:
    """What the page says: one line for each piece of text between two tags, with plain spaces."""
    pieces = TAG.sub("\n", html).split("\n")
    return "\n".join(" ".join(unescape(piece).split()) for piece in pieces)


def assert_french(text: str, *labels: str) -> None:
    assert [label for label in labels if label not in text] == []
    left = english() & {line.rstrip(" :") for line in text.split("\n")}
    assert left == set()


def english() -> set[str]:
    """Our messages whose French differs: none may stand alone on a French page."""
    entries = read_po(ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po")
    french = {text for entry in entries for text in entry.translations}
    said = {text for entry in entries for text in (entry.key.text, entry.key.text.capitalize())}
    return said - french - {text.capitalize() for text in french} - SHARED
