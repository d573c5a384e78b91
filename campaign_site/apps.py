from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignSiteConfig(AppConfig):
    name = "campaign_site"
    verbose_name = _("Diffusion")
